//! The header: that it is the one that the source says, that every compiler and parser takes it, and that it says what a
//! caller must know.

mod common;

use common::{library, root, scratch, succeed};
use std::path::PathBuf;
use std::process::Command;

const C: [&str; 4] = ["c99", "c11", "c17", "c2x"];
const CPP: [&str; 4] = ["c++11", "c++14", "c++17", "c++20"];

/// Functions that can't fail, and so tell of no errors.
const NEVER_FAIL: [&str; 5] = ["jf_error_name", "jf_error_os", "jf_error_text", "jf_version", "jf_version_text"];

fn header() -> String {
    std::fs::read_to_string(root().join("include/jackfield.h")).expect("the header is there")
}

#[test]
fn it_is_what_the_source_says() {
    let Some(generated) = option_env!("JACKFIELD_HEADER") else { panic!("run the tests with --features capi") };
    let generated = std::fs::read_to_string(generated).expect("the build wrote it");
    assert!(generated == header(), "include/jackfield.h is stale: run `make header` and commit it");
}

#[test]
fn the_readme_lists_the_options_that_there_are() {
    let Some(list) = option_env!("JACKFIELD_README") else { panic!("run the tests with --features capi") };
    let list = std::fs::read_to_string(list).expect("the build wrote it");
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the file is there");
    let (_, rest) =
        readme.split_once("<!-- The list of options, which `make header` writes. -->\n").expect("it begins");
    let (listed, _) = rest.split_once("<!-- Its end. -->\n").expect("it ends");
    assert!(listed == list, "README.md is stale: run `make header` and commit it");
    let header = header();
    let names: Vec<&str> =
        header.lines().filter_map(|line| line.trim().strip_prefix("JF_OPT_")?.split(' ').next()).collect();
    assert!(!names.is_empty());
    for name in names {
        assert_eq!(listed.split(['|', ',']).filter(|one| one.trim() == name).count(), 1, "README.md lacks {name}");
    }
}

/// Runs a compiler over tests/artifacts/layout.c in each dialect.
fn compiles(compiler: &str, language: &str, dialects: &[&str]) {
    for dialect in dialects {
        let mut command = Command::new(compiler);
        command
            .args(["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
            .arg(format!("-std={dialect}"))
            .arg("-I")
            .arg(root().join("include"))
            .args(["-x", language])
            .arg(root().join("tests/artifacts/layout.c"));
        succeed(&mut command, 60);
    }
}

#[test]
fn gcc_takes_it() {
    compiles("gcc", "c", &C);
    compiles("g++", "c++", &CPP);
}

#[test]
fn clang_takes_it() {
    compiles("clang", "c", &C);
    compiles("clang++", "c++", &CPP);
}

#[test]
fn every_struct_has_its_layout_checked() {
    let checked = std::fs::read_to_string(root().join("tests/artifacts/layout.c")).expect("the file is there");
    let header = header();
    let mut name = "";
    for line in header.lines() {
        if let Some(rest) = line.strip_prefix("typedef struct ") {
            name = rest.split(' ').next().expect("split gives something");
            assert!(checked.contains(&format!("SIZE({name}, ")), "layout.c lacks {name}");
        } else if line.starts_with('}') {
            name = "";
        } else if !name.is_empty() && line.ends_with(';') {
            // What stands before the ; or the number of elements, after the type and the *.
            let declared = line.trim_end_matches(';').split('[').next().expect("split gives something");
            let member = declared.rsplit([' ', '*']).next().expect("split gives something");
            assert!(checked.contains(&format!("OFFSET({name}, {member}, ")), "layout.c lacks {name}.{member}");
        }
    }
}

/// The header without the lines that begin with #, in a file.
fn stripped() -> PathBuf {
    let file = scratch().join(common::process::unique("stripped.h"));
    let lines: Vec<String> =
        header().lines().filter(|line| !line.starts_with('#')).map(|line| line.to_owned() + "\n").collect();
    std::fs::write(&file, lines.concat()).expect("the folder is writable");
    file
}

/// Runs a script of tests/artifacts that gives the header to a parser and has a conversation through it.
fn converses(interpreter: &[&str], script: &str) {
    let mut command = Command::new(interpreter[0]);
    command
        .args(&interpreter[1..])
        .arg(root().join("tests/artifacts").join(script))
        .arg(stripped())
        .arg(library().join("libjackfield.so"));
    let [major, minor, patch] =
        [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")]
            .map(|number| number.parse::<u32>().expect("it is a number"));
    let version = format!("{} {major}.{minor}.{patch}\n", major * 1_000_000 + minor * 1000 + patch);
    assert_eq!(succeed(&mut command, 60), version);
}

#[test]
fn cffi_takes_it() {
    // Debian's Python, which has Debian's cffi.
    converses(&["/usr/bin/python3"], "ffi.py");
}

#[test]
fn luajit_takes_it() {
    converses(&["luajit"], "ffi.lua");
}

#[test]
fn php_takes_it() {
    converses(&["php", "-d", "ffi.enable=1"], "ffi.php");
}

/// A function of the header.
struct Function {
    name: String,
    parameters: Vec<String>,
    comment: String,
}

/// The functions, each with the comment that stands directly above it.
fn functions() -> Vec<Function> {
    let header = header();
    let mut comment = String::new();
    let mut found = Vec::new();
    for line in header.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with("/*") {
            comment.clear();
        } else if let Some(text) = line.strip_prefix(" *") {
            comment.push_str(text.trim_start_matches('/'));
            comment.push('\n');
        } else if let Some((before, rest)) = line.split_once('(').filter(|_| line.starts_with(char::is_alphabetic)) {
            let name = before.split([' ', '*']).next_back().expect("split gives something");
            let arguments = rest.strip_suffix(");").expect("a declaration stands on one line");
            let parameters = arguments.split(", ").filter(|&one| one != "void");
            found.push(Function {
                name: name.to_owned(),
                parameters: parameters
                    .map(|one| one.split([' ', '*']).next_back().expect("split gives something").to_owned())
                    .collect(),
                comment: std::mem::take(&mut comment),
            });
        } else {
            comment.clear();
        }
    }
    found
}

#[test]
fn it_declares_the_abi() {
    let mut declared: Vec<String> = functions().into_iter().map(|function| function.name).collect();
    declared.sort();
    let abi = std::fs::read_to_string(root().join("abi/symbols.txt")).expect("the list is there");
    assert_eq!(declared, abi.lines().collect::<Vec<_>>());
}

#[test]
fn every_function_says_what_a_caller_must_know() {
    let mut missing = Vec::new();
    for Function { name, parameters, comment } in functions() {
        let mut lacks = |what: &str| missing.push(format!("{name}: {what}"));
        let words = comment.split_whitespace().collect::<Vec<_>>().join(" ");
        let lower = words.to_lowercase();
        if !lower.contains("returns") {
            lacks("what it returns");
        }
        if !lower.contains("errors:") && !lower.contains("fails as") && !NEVER_FAIL.contains(&name.as_str()) {
            lacks("its errors");
        }
        let since = words.rsplit("Since ").next().unwrap_or_default();
        if !words.contains("Since ") || !since.starts_with(|c: char| c.is_ascii_digit()) || !since.ends_with('.') {
            lacks("since which version it is there");
        }
        for parameter in parameters {
            // "name: what it is", or "one, two: what they are".
            let told = comment
                .lines()
                .filter_map(|line| line.split_once(':'))
                .any(|(names, _)| names.trim().split(", ").any(|one| one == parameter));
            if !told {
                lacks(&format!("its parameter {parameter}"));
            }
        }
    }
    assert!(missing.is_empty(), "the header lacks\n{}", missing.join("\n"));
}

#[test]
fn the_readme_prints_the_examples() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).expect("the file is there");
    let readme = read("README.md");
    for example in ["c-examples/hello.c", "c-examples/hello.py"] {
        assert!(readme.contains(&read(example)), "README.md prints another {example}");
    }
    assert!(read("c-examples/hello.c").lines().count() <= 25);
}
