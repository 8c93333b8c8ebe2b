//! Parses the files of src/ffi into the model. A mistake is noted, and parsing continues, so that one build shows all.

use crate::api::*;
use syn::{Attribute, Expr, Fields, FnArg, Item, ItemEnum, ItemFn, ItemStruct, ItemType, Lit, Meta, Pat, ReturnType};

/// Adds what one file declares to the model. `file` is its name for messages.
pub fn add(api: &mut Api, file: &str, source: &str, problems: &mut Vec<Problem>) {
    let parsed = match syn::parse_file(source) {
        Ok(parsed) => parsed,
        Err(error) => {
            let place = Place { file: file.into(), line: error.span().start().line };
            return problems.push(Problem { place, item: "syntax".into(), text: error.to_string() });
        }
    };
    let mut parser = Parser { file, item: String::new(), problems };
    for item in &parsed.items {
        match item {
            Item::Enum(item) if is_exported(&item.ident) => api.enums.push(parser.enumeration(item)),
            Item::Struct(item) if is_exported(&item.ident) => api.structs.push(parser.structure(item)),
            Item::Type(item) if is_exported(&item.ident) => api.handles.push(parser.handle(item)),
            Item::Fn(item) if item.sig.abi.is_some() && is_exported(&item.sig.ident) => {
                api.functions.push(parser.function(item));
            }
            _ => {}
        }
    }
}

fn is_exported(name: &syn::Ident) -> bool {
    name.to_string().starts_with("jf_")
}

/// One line of a comment.
struct Line {
    number: usize,
    text: String,
}

/// One part of a function's comment: a tag and its text.
struct Part {
    tag: Tag,
    line: usize,
    text: String,
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Tag {
    Param,
    Blocks,
    Return,
    Error,
    See,
    Since,
}

const TAGS: [(&str, Tag); 6] = [
    ("@param", Tag::Param),
    ("@blocks", Tag::Blocks),
    ("@return", Tag::Return),
    ("@error", Tag::Error),
    ("@see", Tag::See),
    ("@since", Tag::Since),
];

impl Tag {
    fn name(self) -> &'static str {
        TAGS[self as usize].0
    }
}

struct Parser<'a> {
    file: &'a str,
    /// The item at hand, for messages.
    item: String,
    problems: &'a mut Vec<Problem>,
}

impl Parser<'_> {
    fn place(&self, line: usize) -> Place {
        Place { file: self.file.into(), line }
    }

    fn problem(&mut self, line: usize, text: impl Into<String>) {
        self.problems.push(Problem { place: self.place(line), item: self.item.clone(), text: text.into() });
    }

    fn begin(&mut self, name: &syn::Ident) -> (String, Place) {
        self.item = name.to_string();
        (self.item.clone(), self.place(name.span().start().line))
    }

    fn enumeration(&mut self, item: &ItemEnum) -> Enum {
        let (name, place) = self.begin(&item.ident);
        let mut next = 0;
        let mut enumerators = Vec::new();
        for variant in &item.variants {
            let line = variant.ident.span().start().line;
            let value = match &variant.discriminant {
                None => next,
                Some((_, value)) => integer(value).unwrap_or_else(|| {
                    self.problem(line, format!("the value of {} is not a plain number", variant.ident));
                    next
                }),
            };
            next = value + 1;
            let comment = paragraphs(&lines(&variant.attrs));
            enumerators.push(Enumerator { name: variant.ident.to_string(), value, comment, place: self.place(line) });
        }
        Enum { name, comment: paragraphs(&lines(&item.attrs)), enumerators, place }
    }

    fn handle(&mut self, item: &ItemType) -> Handle {
        let (name, place) = self.begin(&item.ident);
        if self.of(&item.ty, place.line) != (Type::Integer { signed: true, bits: 64 }) {
            self.problem(place.line, "a handle is an i64");
        }
        Handle { name, comment: paragraphs(&lines(&item.attrs)), place }
    }

    fn structure(&mut self, item: &ItemStruct) -> Struct {
        let (name, place) = self.begin(&item.ident);
        let mut fields = Vec::new();
        let Fields::Named(named) = &item.fields else {
            self.problem(place.line, "a struct has named fields");
            return Struct { name, comment: Vec::new(), fields, place };
        };
        for field in &named.named {
            let Some(ident) = &field.ident else { continue };
            let line = ident.span().start().line;
            let lines = lines(&field.attrs);
            let text = paragraphs(&lines).join(" ");
            let (marks, text) =
                self.marks(&format!("field `{ident}`"), &text, lines.first().map_or(line, |l| l.number));
            let of = self.of(&field.ty, line);
            fields.push(Variable { name: plain(ident), of, marks, text, place: self.place(line) });
        }
        Struct { name, comment: paragraphs(&lines(&item.attrs)), fields, place }
    }

    fn function(&mut self, item: &ItemFn) -> Function {
        let (name, place) = self.begin(&item.sig.ident);
        let (mut prose, parts) = self.parts(&lines(&item.attrs));
        if prose.is_empty() {
            self.problem(place.line, "it has no summary");
            prose.push(String::new());
        }
        let summary = prose.remove(0);
        let parameters = self.parameters(item, &parts, place.line);
        let of = match &item.sig.output {
            ReturnType::Default => Type::Void,
            ReturnType::Type(_, of) => self.of(of, place.line),
        };
        let blocks = self.only(&parts, Tag::Blocks, place.line).map_or_else(String::new, |part| part.text.clone());
        let since = self.only(&parts, Tag::Since, place.line).map_or_else(String::new, |part| {
            let version = part.text.clone();
            if !version.split('.').all(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())) {
                self.problem(part.line, format!("@since {version:?} is not a version number"));
            }
            version
        });
        let (kind, text, line) = match self.only(&parts, Tag::Return, place.line) {
            None => (ReturnKind::Number, String::new(), place.line),
            Some(part) => self.returned(part),
        };
        let mut errors = Vec::new();
        for part in parts.iter().filter(|part| part.tag == Tag::Error) {
            errors.extend(self.reason(part));
        }
        let see = parts.iter().filter(|part| part.tag == Tag::See);
        let see = see.flat_map(|part| part.text.split(',')).map(|one| reference(one.trim())).collect();
        let returns = Return { of, kind, text, place: self.place(line) };
        Function { name, summary, paragraphs: prose, parameters, blocks, returns, errors, see, since, place }
    }

    /// The paragraphs of a function's comment, and its other parts in their order.
    fn parts(&mut self, lines: &[Line]) -> (Vec<String>, Vec<Part>) {
        let first = lines.iter().position(|line| line.text.starts_with('@')).unwrap_or(lines.len());
        let (prose, tagged) = lines.split_at(first);
        let mut parts: Vec<Part> = Vec::new();
        // Whether the next line may continue the last part, and whether that is a known one.
        let (mut may_continue, mut is_known) = (false, true);
        for Line { number, text } in tagged {
            if text.trim().is_empty() {
                may_continue = false;
            } else if text.starts_with('@') {
                let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
                may_continue = true;
                let found = TAGS.iter().find(|tag| tag.0 == word);
                is_known = found.is_some();
                match found {
                    None => self.problem(*number, format!("{word} is not a part of a comment")),
                    Some(&(_, tag)) => {
                        if let Some(last) = parts.last().filter(|last| last.tag > tag) {
                            let text = format!("{word} stands after {}, but belongs before it", last.tag.name());
                            self.problem(*number, text);
                        }
                        parts.push(Part { tag, line: *number, text: rest.trim().to_owned() });
                    }
                }
            } else if may_continue && text.starts_with("  ") {
                if let Some(part) = parts.last_mut().filter(|_| is_known) {
                    let space = if part.text.is_empty() { "" } else { " " };
                    part.text = format!("{}{space}{}", part.text, text.trim());
                }
            } else {
                self.problem(
                    *number,
                    "the line belongs to no part: indent it by two spaces to continue one, or put it above the first",
                );
            }
        }
        for part in parts.iter().filter(|part| part.text.is_empty()) {
            self.problem(part.line, format!("{} is empty", part.tag.name()));
        }
        (paragraphs(prose), parts)
    }

    /// The part that every function has once.
    fn only<'p>(&mut self, parts: &'p [Part], tag: Tag, line: usize) -> Option<&'p Part> {
        let mut found = parts.iter().filter(|part| part.tag == tag);
        let part = found.next();
        match (part, found.next()) {
            (None, _) => self.problem(line, format!("it has no {}", tag.name())),
            (_, Some(second)) => self.problem(second.line, format!("it has a second {}", tag.name())),
            _ => {}
        }
        part
    }

    /// What the signature says, joined with what the comment says.
    fn parameters(&mut self, item: &ItemFn, parts: &[Part], line: usize) -> Vec<Variable> {
        let described: Vec<(&str, &str, usize)> = parts
            .iter()
            .filter(|part| part.tag == Tag::Param)
            .map(|part| {
                let (name, text) = part.text.split_once(char::is_whitespace).unwrap_or((&part.text, ""));
                (name, text.trim(), part.line)
            })
            .collect();
        let mut parameters = Vec::new();
        for argument in &item.sig.inputs {
            let FnArg::Typed(argument) = argument else { continue };
            let Pat::Ident(pattern) = &*argument.pat else {
                self.problem(line, "a parameter is a plain name");
                continue;
            };
            let name = plain(&pattern.ident);
            let of = self.of(&argument.ty, pattern.ident.span().start().line);
            let (marks, text, line) = match described.iter().find(|described| described.0 == name) {
                None => {
                    self.problem(line, format!("it has no @param {name}"));
                    (Marks::default(), String::new(), line)
                }
                Some(&(_, text, line)) => {
                    let (marks, text) = self.marks(&format!("@param {name}"), text, line);
                    if text.is_empty() {
                        self.problem(line, format!("@param {name} has no text"));
                    }
                    (marks, text, line)
                }
            };
            parameters.push(Variable { name, of, marks, text, place: self.place(line) });
        }
        let mut names = Vec::new();
        for (name, _, line) in described {
            if !parameters.iter().any(|parameter| parameter.name == name) {
                self.problem(line, format!("@param {name} is not a parameter"));
            } else if names.contains(&name) {
                self.problem(line, format!("it has a second @param {name}"));
            } else {
                let mut described_so_far =
                    parameters.iter().filter(|one| names.contains(&one.name.as_str()) || one.name == name);
                if described_so_far.next_back().is_none_or(|last| last.name != name) {
                    self.problem(line, format!("@param {name} is not in the order of the parameters"));
                }
                names.push(name);
            }
        }
        parameters
    }

    fn returned(&mut self, part: &Part) -> (ReturnKind, String, usize) {
        let unknown = (ReturnKind::Number, part.text.clone(), part.line);
        let Some((mark, text)) = bracketed(&part.text) else {
            self.problem(part.line, "@return has no kind in brackets, such as [count] or [nothing]");
            return unknown;
        };
        let kind = match (mark, call(mark)) {
            ("owned fd", _) => ReturnKind::OwnedFd,
            ("borrowed fd", _) => ReturnKind::BorrowedFd,
            ("count", _) => ReturnKind::Count,
            ("length", _) => ReturnKind::Length,
            ("static text", _) => ReturnKind::StaticText,
            ("boolean", _) => ReturnKind::Boolean,
            ("number", _) => ReturnKind::Number,
            ("nothing", _) => ReturnKind::Nothing,
            (_, Some(("enum", name))) => ReturnKind::Enum(name.into()),
            _ => match mark.strip_prefix("new ") {
                Some(handle) => ReturnKind::New(handle.trim().into()),
                None => {
                    self.problem(part.line, format!("@return has the unknown kind [{mark}]"));
                    return unknown;
                }
            },
        };
        if text.is_empty() && kind != ReturnKind::Nothing {
            self.problem(part.line, "@return has no text");
        }
        (kind, text.into(), part.line)
    }

    fn reason(&mut self, part: &Part) -> Option<Reason> {
        let mut codes = Vec::new();
        let mut rest = part.text.as_str();
        loop {
            let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            rest = after.trim_start();
            codes.push(word.trim_end_matches(',').to_owned());
            if !word.ends_with(',') {
                break;
            }
        }
        if let Some(other) = codes.iter().find(|code| !code.starts_with("JF_E_")) {
            if !part.text.is_empty() {
                self.problem(part.line, format!("@error begins with error codes, not with {other:?}"));
            }
            return None;
        }
        if rest.is_empty() {
            self.problem(part.line, format!("@error {} has no text", codes.join(", ")));
        }
        Some(Reason { codes, text: rest.into(), place: self.place(part.line) })
    }

    /// Splits the marks from a text that may begin with them.
    fn marks(&mut self, what: &str, text: &str, line: usize) -> (Marks, String) {
        let mut marks = Marks::default();
        let Some((list, text)) = bracketed(text) else { return (marks, text.into()) };
        for mark in split(list) {
            let repeated = match (mark, call(mark)) {
                ("in", _) => marks.direction.replace(Direction::In).is_some(),
                ("out", _) => marks.direction.replace(Direction::Out).is_some(),
                ("inout", _) => marks.direction.replace(Direction::InOut).is_some(),
                ("optional", _) => std::mem::replace(&mut marks.is_optional, true),
                ("text", _) => set_extent(&mut marks, Extent::Text),
                ("static text", _) => set_extent(&mut marks, Extent::StaticText),
                ("milliseconds", _) => marks.meaning.replace(Meaning::Milliseconds).is_some(),
                ("fd", _) => marks.meaning.replace(Meaning::Fd).is_some(),
                ("owned fd", _) => marks.meaning.replace(Meaning::OwnedFd).is_some(),
                (_, Some(("buffer", len))) => set_extent(&mut marks, Extent::Buffer(count(len))),
                (_, Some(("array", len))) => set_extent(&mut marks, Extent::Array(count(len))),
                (_, Some(("text", len))) => set_extent(&mut marks, Extent::TextBuffer(count(len))),
                (_, Some(("borrowed", other))) => marks.borrowed.replace(other.into()).is_some(),
                (_, Some(("enum", name))) => marks.meaning.replace(Meaning::Enum(name.into())).is_some(),
                (_, Some(("flags", names))) => {
                    let names = names.split([',', '|']).map(|name| name.trim().to_owned()).collect();
                    marks.meaning.replace(Meaning::Flags(names)).is_some()
                }
                _ => {
                    self.problem(line, format!("{what} has the unknown mark {mark:?}"));
                    false
                }
            };
            if repeated {
                self.problem(line, format!("{what} has the mark {mark:?} beside another one that excludes it"));
            }
        }
        (marks, text.into())
    }

    fn of(&mut self, of: &syn::Type, line: usize) -> Type {
        let integer = |signed, bits| Type::Integer { signed, bits };
        match of {
            syn::Type::Ptr(pointer) => {
                Type::Pointer { to: Box::new(self.of(&pointer.elem, line)), is_const: pointer.mutability.is_none() }
            }
            syn::Type::Array(array) => {
                let len = self::integer(&array.len).and_then(|len| usize::try_from(len).ok()).unwrap_or_else(|| {
                    self.problem(line, "the length of an array is not a plain number");
                    0
                });
                Type::Array { of: Box::new(self.of(&array.elem, line)), len }
            }
            syn::Type::Path(path) => {
                let name = path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
                match name.as_str() {
                    "c_void" => Type::Void,
                    "c_char" => Type::Char,
                    "usize" => Type::Size,
                    "i8" => integer(true, 8),
                    "i16" => integer(true, 16),
                    "i32" => integer(true, 32),
                    "i64" => integer(true, 64),
                    "u8" => integer(false, 8),
                    "u16" => integer(false, 16),
                    "u32" => integer(false, 32),
                    "u64" => integer(false, 64),
                    // check.rs distinguishes structs from handles.
                    _ if name.starts_with("jf_") => Type::Struct(name),
                    _ => {
                        self.problem(line, format!("the type {name} has no equal in C"));
                        Type::Void
                    }
                }
            }
            _ => {
                self.problem(line, "a type has no equal in C");
                Type::Void
            }
        }
    }
}

fn set_extent(marks: &mut Marks, extent: Extent) -> bool {
    std::mem::replace(&mut marks.extent, extent) != Extent::One
}

/// A name without the r# of a Rust keyword.
fn plain(ident: &syn::Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

/// A literal, or a negative one.
fn integer(value: &Expr) -> Option<i64> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Unary(negative) if matches!(negative.op, syn::UnOp::Neg(_)) => {
            integer(&negative.expr).map(|value| -value)
        }
        _ => None,
    }
}

fn lines(attributes: &[Attribute]) -> Vec<Line> {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        let Meta::NameValue(doc) = &attribute.meta else { continue };
        let Expr::Lit(literal) = &doc.value else { continue };
        let Lit::Str(text) = &literal.lit else { continue };
        let text = text.value();
        let text = text.strip_prefix(' ').unwrap_or(&text).trim_end().to_owned();
        lines.push(Line { number: literal.lit.span().start().line, text });
    }
    lines
}

/// Lines joined into paragraphs, which empty lines separate.
fn paragraphs(lines: &[Line]) -> Vec<String> {
    let texts: Vec<&str> = lines.iter().map(|line| line.text.trim()).collect();
    texts.split(|text| text.is_empty()).filter(|lines| !lines.is_empty()).map(|lines| lines.join(" ")).collect()
}

/// "[marks] text" as the marks and the text.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (marks, text) = text.strip_prefix('[')?.split_once(']')?;
    Some((marks.trim(), text.trim()))
}

/// "name(argument)" as the name and the argument.
fn call(mark: &str) -> Option<(&str, &str)> {
    let (name, argument) = mark.strip_suffix(')')?.split_once('(')?;
    Some((name.trim(), argument.trim()))
}

/// Splits a list at its commas, but not inside of parentheses.
fn split(list: &str) -> Vec<&str> {
    let mut depth = 0;
    let at_comma = |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    };
    list.split(at_comma).map(str::trim).collect()
}

fn count(text: &str) -> Count {
    text.parse().map_or_else(|_| Count::Variable(text.into()), Count::Fixed)
}

fn reference(text: &str) -> Reference {
    let manual_page = call(text).filter(|(name, section)| !name.contains(' ') && section.starts_with(char::is_numeric));
    match manual_page {
        Some((name, section)) => Reference::ManualPage { name: name.into(), section: section.into() },
        None if text.starts_with("jf_") => Reference::Function(text.into()),
        None if text.starts_with("docs/") => Reference::Page(text.into()),
        None => Reference::Other(text.into()),
    }
}
