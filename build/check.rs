//! Checks what the model says as a whole: that names exist, and that every pointer has a role.

use crate::api::*;

/// Distinguishes handles from structs, which only their declarations do, and records every mistake.
pub fn check(api: &mut Api, problems: &mut Vec<Problem>) {
    let handles: Vec<String> = api.handles.iter().map(|handle| handle.name.clone()).collect();
    for structure in &mut api.structs {
        structure.fields.iter_mut().for_each(|field| resolve(&mut field.of, &handles));
    }
    for function in &mut api.functions {
        function.parameters.iter_mut().for_each(|parameter| resolve(&mut parameter.of, &handles));
        resolve(&mut function.returns.of, &handles);
    }
    let api = &*api;
    let mut checker = Checker { api, item: "", problems };
    for item in &api.enums {
        checker.item = &item.name;
        checker.has_comment(&item.comment, "it", &item.place);
        for enumerator in &item.enumerators {
            checker.has_comment(&enumerator.comment, &enumerator.name, &enumerator.place);
        }
    }
    for item in &api.handles {
        checker.item = &item.name;
        checker.has_comment(&item.comment, "it", &item.place);
    }
    for item in &api.structs {
        checker.item = &item.name;
        checker.has_comment(&item.comment, "it", &item.place);
        for field in &item.fields {
            if field.text.is_empty() {
                checker.problem(&field.place, format!("field `{}` has no comment", field.name));
            }
            checker.variable(field, &item.fields, &format!("field `{}`", field.name), "field");
        }
    }
    let errors = api.enumeration("jf_error").map_or(&[][..], |errors| &errors.enumerators);
    let errors: Vec<&str> = errors.iter().map(|error| error.name.as_str()).collect();
    for item in &api.functions {
        checker.item = &item.name;
        for parameter in &item.parameters {
            checker.variable(parameter, &item.parameters, &format!("@param {}", parameter.name), "parameter");
        }
        checker.returned(item);
        for reason in &item.errors {
            for code in reason.codes.iter().filter(|code| !errors.contains(&code.as_str())) {
                checker.problem(&reason.place, format!("@error {code} is not an enumerator of jf_error"));
            }
        }
        for reference in &item.see {
            match reference {
                Reference::Function(name) if !api.functions.iter().any(|function| function.name == *name) => {
                    checker.problem(&item.place, format!("@see {name} is not a function"));
                }
                _ => {}
            }
        }
    }
}

fn resolve(of: &mut Type, handles: &[String]) {
    match of {
        Type::Struct(name) if handles.contains(name) => *of = Type::Handle(std::mem::take(name)),
        Type::Pointer { to: inner, .. } | Type::Array { of: inner, .. } => resolve(inner, handles),
        _ => {}
    }
}

struct Checker<'a> {
    api: &'a Api,
    item: &'a str,
    problems: &'a mut Vec<Problem>,
}

impl Checker<'_> {
    fn problem(&mut self, place: &Place, text: String) {
        self.problems.push(Problem { place: place.clone(), item: self.item.into(), text });
    }

    fn has_comment(&mut self, comment: &[String], what: &str, place: &Place) {
        if comment.is_empty() {
            self.problem(place, format!("{what} has no comment"));
        }
    }

    /// Checks a parameter or field among its siblings. `what` names it in messages, `kind` says what it is.
    fn variable(&mut self, variable: &Variable, siblings: &[Variable], what: &str, kind: &str) {
        let Variable { of, marks, place, .. } = variable;
        if let Type::Struct(name) = innermost(of) {
            if !self.api.structs.iter().any(|item| item.name == *name) {
                self.problem(place, format!("{what} has the unknown type {name}"));
            }
        }
        if of.is_pointer() {
            self.pointer(variable, what);
        } else if marks.direction.is_some() || marks.extent != Extent::One || marks.is_optional {
            self.problem(place, format!("{what} has a mark for pointers, but is not a pointer"));
        }
        let count = match &marks.extent {
            Extent::Buffer(count) => Some(("buffer", count)),
            Extent::Array(count) => Some(("array", count)),
            Extent::TextBuffer(count) => Some(("text", count)),
            Extent::One | Extent::Text | Extent::StaticText => None,
        };
        if let Some((mark, Count::Variable(name))) = count {
            match siblings.iter().find(|sibling| sibling.name == *name) {
                None => self.problem(place, format!("{what}: {mark}({name}) names a {kind} that does not exist")),
                Some(sibling) if !sibling.of.is_integer() => {
                    self.problem(place, format!("{what}: {mark}({name}) names a {kind} that is not an integer"));
                }
                Some(_) => {}
            }
        }
        if let Some(name) = &marks.borrowed {
            match siblings.iter().find(|sibling| sibling.name == *name) {
                None => self.problem(place, format!("{what}: borrowed({name}) names a {kind} that does not exist")),
                Some(sibling) if !sibling.of.is_pointer() => {
                    self.problem(place, format!("{what}: borrowed({name}) names a {kind} that is not a pointer"));
                }
                Some(_) => {}
            }
        }
        self.meaning(variable, what);
    }

    fn pointer(&mut self, Variable { of, marks, place, .. }: &Variable, what: &str) {
        let Type::Pointer { to, is_const } = of else { return };
        if marks.direction.is_none() && marks.borrowed.is_none() {
            self.problem(place, format!("{what} is a pointer without a role: in, out, inout or borrowed(...)"));
        }
        if *is_const && matches!(marks.direction, Some(Direction::Out | Direction::InOut)) {
            self.problem(place, format!("{what} is written to, but points at something const"));
        }
        if **to == Type::Void && !matches!(marks.extent, Extent::Buffer(_)) {
            self.problem(place, format!("{what} points at bytes, so it has the mark buffer(...)"));
        }
        let is_text = matches!(marks.extent, Extent::Text | Extent::TextBuffer(_));
        if is_text != (**to == Type::Char) {
            let text =
                if is_text { "is marked as text, but not a char *" } else { "is a char * without the mark text" };
            self.problem(place, format!("{what} {text}"));
        }
        match (&marks.extent, marks.direction) {
            (Extent::Text, Some(Direction::Out)) => {
                self.problem(place, format!("{what} is an out text, so it needs its size: text(...)"));
            }
            (Extent::TextBuffer(_), Some(Direction::In)) => {
                self.problem(place, format!("{what} is an in text, which ends with its NUL: text without a size"));
            }
            _ => {}
        }
        if (marks.extent == Extent::StaticText) != to.is_pointer() {
            let text = if to.is_pointer() { "points at a pointer, so it has" } else { "points at no pointer, but has" };
            self.problem(place, format!("{what} {text} the mark static text"));
        }
    }

    fn meaning(&mut self, Variable { of, marks, place, .. }: &Variable, what: &str) {
        let Some(meaning) = &marks.meaning else { return };
        if !innermost(of).is_integer() {
            self.problem(place, format!("{what} has a mark for integers, but is not an integer"));
        }
        let (mark, names) = match meaning {
            Meaning::Flags(names) => ("flags", names.as_slice()),
            Meaning::Enum(name) => ("enum", std::slice::from_ref(name)),
            Meaning::Milliseconds | Meaning::Fd | Meaning::OwnedFd => return,
        };
        let api = self.api;
        for name in names.iter().filter(|name| api.enumeration(name).is_none()) {
            self.problem(place, format!("{what}: {mark}({name}) names an enum that does not exist"));
        }
    }

    fn returned(&mut self, function: &Function) {
        let returns = &function.returns;
        let place = &returns.place;
        let int64 = Type::Integer { signed: true, bits: 64 };
        let text = Type::Pointer { to: Box::new(Type::Char), is_const: true };
        let (expected, words) =
            if returns.kind == ReturnKind::StaticText { (text, "const char *") } else { (int64, "int64_t") };
        if returns.of != expected {
            let actual = returns.of.declare("");
            let text = format!("@return {} is for a {words}, but it returns {}", returns.kind, actual.trim());
            self.problem(place, text);
        }
        match &returns.kind {
            ReturnKind::New(name) if !self.api.handles.iter().any(|handle| handle.name == *name) => {
                self.problem(place, format!("@return [new {name}] names a handle that does not exist"));
            }
            ReturnKind::Enum(name) if self.api.enumeration(name).is_none() => {
                self.problem(place, format!("@return [enum({name})] names an enum that does not exist"));
            }
            _ => {}
        }
    }
}

/// The type behind every pointer and array.
fn innermost(of: &Type) -> &Type {
    match of {
        Type::Pointer { .. } | Type::Array { .. } => innermost(of.element()),
        other => other,
    }
}
