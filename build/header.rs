//! Writes the C header. The model becomes Rust declarations whose comments are the header's text; cbindgen turns them
//! into C.

use crate::api::*;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Lines of the header are at most so long.
const WIDTH: usize = 120;
/// What cbindgen puts before a line of a comment: " * ", and within a struct or enum "     * ".
const OUTER: usize = WIDTH - 3;
const INNER: usize = WIDTH - 7;
/// A list of names that is longer has its text below it, not beside it.
const NAMES_MAX: usize = 45;

pub fn write(api: &Api, config: &Path) -> String {
    let declarations = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("declarations.rs");
    fs::write(&declarations, declare(api)).expect("OUT_DIR is writable");
    let mut config = cbindgen::Config::from_file(config).expect("cbindgen.toml is right");
    // cbindgen leaves out enums that no declaration uses.
    config.export.include = api.enums.iter().map(|item| item.name.clone()).collect();
    let header = cbindgen::Builder::new().with_config(config).with_src(declarations).generate();
    let mut text = Vec::new();
    header.expect("cbindgen reads the declarations").write(&mut text);
    shorten(&String::from_utf8(text).expect("the header is UTF-8"))
}

/// Puts a comment of one line on one line, if that fits.
fn shorten(header: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    for line in header.lines() {
        if line.trim() == "*/" && out.len() >= 2 {
            let text = out[out.len() - 1].trim_start().strip_prefix("* ");
            let joined = text.map(|text| format!("{} {text} */", out[out.len() - 2]));
            if out[out.len() - 2].trim() == "/**" {
                if let Some(joined) = joined.filter(|joined| joined.len() <= WIDTH) {
                    out.truncate(out.len() - 2);
                    out.push(joined);
                    continue;
                }
            }
        }
        out.push(line.into());
    }
    out.join("\n") + "\n"
}

/// The interface as Rust.
fn declare(api: &Api) -> String {
    let mut out = String::new();
    for item in &api.enums {
        comment(&mut out, "", &prose(&item.comment, OUTER));
        writeln!(out, "#[repr(C)]\npub enum {} {{", item.name).expect("a string takes it");
        for enumerator in &item.enumerators {
            comment(&mut out, "    ", &prose(&enumerator.comment, INNER));
            writeln!(out, "    {} = {},", enumerator.name, enumerator.value).expect("a string takes it");
        }
        out += "}\n";
    }
    for item in &api.handles {
        comment(&mut out, "", &prose(&item.comment, OUTER));
        writeln!(out, "pub type {} = i64;", item.name).expect("a string takes it");
    }
    for item in &api.structs {
        comment(&mut out, "", &prose(&item.comment, OUTER));
        writeln!(out, "#[repr(C)]\npub struct {} {{", item.name).expect("a string takes it");
        for field in &item.fields {
            comment(&mut out, "    ", &wrap(&marked(field), INNER));
            writeln!(out, "    pub {}: {},", field.name, rust(&field.of)).expect("a string takes it");
        }
        out += "}\n";
    }
    for item in &api.functions {
        comment(&mut out, "", &function(item));
        let parameters: Vec<String> =
            item.parameters.iter().map(|one| format!("r#{}: {}", one.name, rust(&one.of))).collect();
        let (name, parameters, returns) = (&item.name, parameters.join(", "), rust(&item.returns.of));
        writeln!(out, "#[no_mangle]\npub extern \"C\" fn {name}({parameters}) -> {returns} {{ loop {{}} }}")
            .expect("a string takes it");
    }
    out
}

/// The comment of a function.
fn function(item: &Function) -> Vec<String> {
    let mut lines = wrap(&item.summary, OUTER);
    for paragraph in &item.paragraphs {
        lines.push(String::new());
        lines.extend(wrap(paragraph, OUTER));
    }
    lines.push(String::new());
    if !item.parameters.is_empty() {
        let parameters = item.parameters.iter().map(|one| (one.name.clone(), marked(one)));
        lines.extend(list("@param ", &parameters.collect::<Vec<_>>()));
        lines.push(String::new());
    }
    lines.extend(hang("@blocks  ", &item.blocks));
    let returns = match &item.returns {
        Return { kind: ReturnKind::Nothing, text, .. } if text.is_empty() => "0".into(),
        Return { kind: ReturnKind::Nothing, text, .. } => format!("0 {}", text.strip_prefix("0 ").unwrap_or(text)),
        Return { kind, text, .. } => format!("{kind} {text}"),
    };
    lines.extend(hang("@return  ", &returns));
    let errors = item.errors.iter().map(|reason| (reason.codes.join(", "), reason.text.clone()));
    lines.extend(list("@error   ", &errors.collect::<Vec<_>>()));
    if !item.see.is_empty() {
        let see: Vec<String> = item.see.iter().map(ToString::to_string).collect();
        lines.extend(hang("@see     ", &see.join(", ")));
    }
    lines.extend(hang("@since   ", &item.since));
    lines
}

/// The marks of a parameter or field, and its text.
fn marked(variable: &Variable) -> String {
    format!("{} {}", variable.marks, variable.text)
}

/// Lines of a tag, names and a text, with the texts aligned.
fn list(tag: &str, entries: &[(String, String)]) -> Vec<String> {
    let column = entries.iter().map(|entry| entry.0.len()).filter(|&len| len <= NAMES_MAX).max().unwrap_or(0) + 2;
    let mut lines = Vec::new();
    for (names, text) in entries {
        if names.len() + 2 <= column {
            lines.extend(hang(&format!("{tag}{names:column$}"), text));
        } else {
            lines.extend(hang(tag, names));
            let below = " ".repeat(tag.len() + column);
            lines.extend(hang(&below, text));
        }
    }
    lines
}

/// A text beside its label, wrapped in a column of its own.
fn hang(label: &str, text: &str) -> Vec<String> {
    let indent = " ".repeat(label.len());
    let lines = wrap(text, OUTER - label.len());
    lines.iter().enumerate().map(|(at, line)| format!("{}{line}", if at == 0 { label } else { &indent })).collect()
}

/// Paragraphs with empty lines between them.
fn prose(paragraphs: &[String], width: usize) -> Vec<String> {
    let wrapped: Vec<Vec<String>> = paragraphs.iter().map(|paragraph| wrap(paragraph, width)).collect();
    wrapped.join(&String::new())
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

fn comment(out: &mut String, indent: &str, lines: &[String]) {
    for line in lines {
        writeln!(out, "{indent}///{}{line}", if line.is_empty() { "" } else { " " }).expect("a string takes it");
    }
}

fn rust(of: &Type) -> String {
    match of {
        Type::Void => "c_void".into(),
        Type::Char => "c_char".into(),
        Type::Integer { signed, bits } => format!("{}{bits}", if *signed { "i" } else { "u" }),
        Type::Size => "usize".into(),
        Type::Handle(name) | Type::Struct(name) => name.clone(),
        Type::Array { of, len } => format!("[{}; {len}]", rust(of)),
        Type::Pointer { to, is_const } => format!("*{} {}", if *is_const { "const" } else { "mut" }, rust(to)),
    }
}
