//! The style of the source: no import circles between files, no overlong lines, no retired identifiers or words.
//!
//! The lists stand in `tests/style/`; STYLE-conforming replacements stand beside each entry.

#[path = "style/imports.rs"]
mod imports;
#[path = "style/text.rs"]
mod text;

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder (or the file itself) with one of these extensions; "" stands for no extension.
fn files(place: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let place = root().join(place);
    if place.is_file() {
        return vec![place];
    }
    let mut found = Vec::new();
    let mut folders = vec![place];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("the folder is readable").path();
            let extension = path.extension().map_or("", |extension| extension.to_str().expect("the name is UTF-8"));
            if path.is_dir() {
                folders.push(path);
            } else if extensions.contains(&extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no files found");
    found
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The path of a file below the project's folder.
fn relative(file: &Path) -> String {
    file.strip_prefix(root()).expect("the file is the project's").display().to_string()
}

fn expect_none(problems: Vec<String>) {
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn imports_form_no_circles() {
    let sources: Vec<(String, String)> =
        files("src", &["rs"]).iter().map(|file| (relative(file), read(file))).collect();
    expect_none(imports::circles(&sources));
}

#[test]
fn a_circle_is_found() {
    let source = |file: &str, text: &str| (file.to_owned(), text.to_owned());
    let lib = source("src/lib.rs", "mod a; mod b;");
    let a = source("src/a/mod.rs", "pub mod x; pub use x::X;");
    let x = source("src/a/x.rs", "use crate::b::Y; pub struct X(Y);");
    let b = source("src/b.rs", "pub struct Y; fn f() { crate::a::X::new(); }");
    let circles = imports::circles(&[lib.clone(), a.clone(), x.clone(), b]);
    assert_eq!(circles, ["circle: src/a/x.rs -> src/b.rs (Y); src/b.rs -> src/a/x.rs (new)"]);
    let tests_only = source("src/b.rs", "pub struct Y; #[cfg(test)] mod tests { use crate::a::X; }");
    assert_eq!(imports::circles(&[lib, a, x, tests_only]), [] as [String; 0]);
}

#[test]
fn lines_have_at_most_120_columns() {
    let code = ["rs", "c", "h", "cpp", "py", "lua", "php", "toml", ""];
    let places =
        ["src", "build", "include", "tests", "c-examples", "benches", "fuzz/fuzz_targets", "scripts", "Makefile"];
    let mut problems = Vec::new();
    for file in places.iter().flat_map(|place| files(place, &code)) {
        for (index, line) in read(&file).lines().enumerate() {
            // A tab counts as four columns.
            let columns: usize = line.chars().map(|char| if char == '\t' { 4 } else { 1 }).sum();
            if columns > 120 {
                problems.push(format!("{}:{}: {columns} columns", relative(&file), index + 1));
            }
        }
    }
    expect_none(problems);
}

#[test]
fn retired_identifiers_are_not_used() {
    let list = text::Identifiers::parse(include_str!("style/retired_identifiers.txt"));
    let mut problems = Vec::new();
    for file in files("src", &["rs"]) {
        problems.extend(list.find(&relative(&file), &read(&file)));
    }
    expect_none(problems);
}

#[test]
fn retired_words_are_not_used() {
    let list = text::Words::parse(include_str!("style/retired_words.txt"));
    let mut problems = Vec::new();
    for (place, extensions) in [
        ("src", ["rs"].as_slice()),
        ("build", &["rs"]),
        ("tests", &["rs", "c", "h", "py"]),
        ("c-examples", &["c", "h", "py"]),
        ("benches", &["c", "h", "cpp", "rs", "py", ""]),
        ("fuzz/fuzz_targets", &["rs"]),
        ("scripts", &[""]),
        ("Makefile", &[]),
        ("include", &["h"]),
    ] {
        for file in files(place, extensions) {
            problems.extend(list.find(&relative(&file), &text::comments(&file, &read(&file))));
        }
    }
    for (place, extensions) in
        [("README.md", [].as_slice()), ("CONTRIBUTING.md", &[]), ("CHANGELOG.md", &[]), ("docs", &["md"])]
    {
        for file in files(place, extensions) {
            problems.extend(list.find(&relative(&file), &text::paragraphs(&read(&file))));
        }
    }
    expect_none(problems);
}

#[test]
fn a_retired_word_is_found_across_lines_and_not_in_code() {
    let list = text::Words::parse("long way   slow path\nroom   buffer\n");
    let source = "/// It goes the long\n/// way.\nlet room = 1; // no `room` here\n";
    let comments = text::comments(Path::new("x.rs"), source);
    assert_eq!(list.find("x.rs", &comments), ["x.rs:1: \"long way\": write slow path"]);
    assert_eq!(list.find("x.md", &text::paragraphs("a\nRoom\n")), ["x.md:1: \"room\": write buffer"]);
}

#[test]
fn a_retired_identifier_is_found_whole_or_as_a_part() {
    let list = text::Identifiers::parse("Patience   Deadline\n*told   reported   except b.rs\n");
    let source = "struct Patience; fn untold() {} fn is_told() {} // told, Patience\nstruct ToldPatience;";
    assert_eq!(
        list.find("a.rs", source),
        ["a.rs:1: Patience: use Deadline", "a.rs:1: is_told: use reported", "a.rs:2: ToldPatience: use reported"]
    );
    assert_eq!(list.find("b.rs", "fn told() {}"), [] as [String; 0]);
}
