//! What is built and installed: the shared library, the archive, and what `make install` makes of them.

mod common;

use common::process::Folder;
use common::{library, root, scratch, succeed};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The most that the shared library may weigh.
const SIZE: u64 = 600_000;

/// What a linker asks for by itself; it is nobody's, and may be missing.
const WEAK: [&str; 3] = ["_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__gmon_start__"];

fn tool(name: &str, arguments: &[&str], file: &Path) -> String {
    succeed(Command::new(name).args(arguments).arg(file), 60)
}

fn shared() -> PathBuf {
    library().join("libjackfield.so")
}

fn archive() -> PathBuf {
    library().join("libjackfield.a")
}

/// The names that may be seen.
fn abi() -> Vec<String> {
    let list = std::fs::read_to_string(root().join("abi/symbols.txt")).expect("the list is there");
    list.lines().map(str::to_owned).collect()
}

/// The names that nm tells, in order and without their versions.
fn names(listing: &str) -> Vec<String> {
    let mut names: Vec<String> = listing
        .lines()
        .filter(|line| line.split_whitespace().count() == 3)
        .filter_map(|line| line.split_whitespace().nth(2))
        .map(|name| name.split('@').next().expect("split gives something").to_owned())
        .collect();
    names.sort();
    names
}

/// The libraries that a program or library says it needs.
fn needed(file: &Path) -> Vec<String> {
    dynamic(file, "(NEEDED)")
}

fn dynamic(file: &Path, entry: &str) -> Vec<String> {
    tool("readelf", &["--dynamic", "--wide"], file)
        .lines()
        .filter(|line| line.contains(entry))
        .filter_map(|line| line.split(['[', ']']).nth(1))
        .map(str::to_owned)
        .collect()
}

/// C source in tests/artifacts, with the compiler's usual strictness.
fn compile(source: &str, output: &Path) -> Command {
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .arg(root().join("tests/artifacts").join(source))
        .arg("-o")
        .arg(output);
    cc
}

#[test]
fn the_list_of_names_is_in_order() {
    let abi = abi();
    let mut sorted = abi.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(abi, sorted, "abi/symbols.txt");
    assert!(abi.iter().all(|name| name.starts_with("jf_")));
}

#[test]
fn the_shared_library_exports_the_abi_and_nothing_else() {
    let listing = tool("nm", &["--dynamic", "--defined-only"], &shared());
    assert_eq!(names(&listing), abi());
}

#[test]
fn the_shared_library_needs_only_the_c_library_and_the_unwinder() {
    for line in tool("nm", &["--dynamic", "--undefined-only"], &shared()).lines() {
        let (kind, name) = line.trim().split_once(' ').expect("a kind and a name");
        let known = name.contains("@GLIBC_") || name.contains("@GCC_");
        assert!(known || (kind == "w" && WEAK.contains(&name)), "{line}");
    }
    for name in needed(&shared()) {
        // The dynamic linker is a part of the C library: it has what finds thread-local variables.
        let known = ["libc.so.6", "libgcc_s.so.1"].contains(&name.as_str()) || name.starts_with("ld-linux");
        assert!(known, "{name}");
    }
}

#[test]
fn the_shared_library_has_its_name_and_weight() {
    assert_eq!(dynamic(&shared(), "(SONAME)"), ["libjackfield.so.0"]);
    let size = std::fs::metadata(shared()).expect("it is there").len();
    assert!(size <= SIZE, "{size} bytes are more than {SIZE}");
    let sections = tool("readelf", &["--sections", "--wide"], &shared());
    for section in [".symtab", ".debug_info"] {
        assert!(!sections.contains(section), "it has {section}: it is not stripped");
    }
}

#[test]
fn the_archive_shows_the_abi_and_nothing_else() {
    let listing = tool("nm", &["--extern-only", "--defined-only"], &archive());
    assert_eq!(names(&listing), abi());
}

/// Two Rust static libraries in one program: each brings a runtime of its own.
#[test]
fn the_archive_stands_beside_another_one() {
    let other = scratch().join("libother.a");
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--edition", "2024", "--crate-name", "other", "--crate-type", "staticlib"])
        .args(["-C", "panic=unwind", "-o"])
        .arg(&other)
        .arg(root().join("tests/artifacts/other.rs"));
    succeed(&mut rustc, 120);
    let libraries = std::fs::read_to_string(root().join("target/cabi/native-static-libs")).expect("make lib wrote it");
    for (number, archives) in [[archive(), other.clone()], [other.clone(), archive()]].iter().enumerate() {
        let program = scratch().join(format!("two_runtimes_{number}"));
        let mut cc = compile("two_runtimes.c", &program);
        cc.arg("-I").arg(root().join("include")).args(archives).args(libraries.split_whitespace());
        succeed(&mut cc, 120);
        succeed(&mut Command::new(&program), 60);
    }
}

/// `make` with a target, into a folder.
fn make(target: &str, folder: &Path) -> Command {
    let mut make = Command::new("make");
    make.args([target, "PREFIX=/opt/jackfield"]).arg(format!("DESTDIR={}", folder.display())).current_dir(root());
    make
}

/// What pkg-config says of the library that is installed in a folder.
fn pkg_config(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new("pkg-config");
    command
        .args(arguments)
        .arg("jackfield")
        .env("PKG_CONFIG_PATH", folder.join("opt/jackfield/lib/pkgconfig"))
        .env("PKG_CONFIG_SYSROOT_DIR", folder);
    succeed(&mut command, 60).split_whitespace().map(str::to_owned).collect()
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut found = Vec::new();
    for entry in entries.map(|entry| entry.expect("the folder can be read")) {
        match entry.file_type().expect("it has a type").is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found.sort();
    found
}

#[test]
fn installed_it_is_found_by_pkg_config() {
    library();
    let folder = Folder::new();
    succeed(&mut make("install", folder.path()), 60);
    let prefix = folder.path().join("opt/jackfield");
    let version = env!("CARGO_PKG_VERSION");
    let real = format!("libjackfield.so.{version}");
    let expected = [
        "include/jackfield.h".to_owned(),
        "lib/libjackfield.a".to_owned(),
        "lib/libjackfield.so".to_owned(),
        "lib/libjackfield.so.0".to_owned(),
        format!("lib/{real}"),
        "lib/pkgconfig/jackfield.pc".to_owned(),
    ];
    assert_eq!(files(folder.path()), expected.map(|name| prefix.join(name)));
    for (link, target) in [("libjackfield.so", "libjackfield.so.0"), ("libjackfield.so.0", &real)] {
        let found = std::fs::read_link(prefix.join("lib").join(link)).expect("it is a link");
        assert_eq!(found, Path::new(target));
    }
    assert!(prefix.join("lib").join(&real).is_file());
    assert_eq!(pkg_config(folder.path(), &["--modversion"]), [version]);

    let program = folder.path().join("shared");
    let mut cc = compile("use.c", &program);
    cc.args(pkg_config(folder.path(), &["--cflags", "--libs"]));
    succeed(&mut cc, 120);
    assert!(needed(&program).contains(&"libjackfield.so.0".to_owned()));
    let mut run = Command::new(&program);
    run.env("LD_LIBRARY_PATH", prefix.join("lib"));
    assert_eq!(succeed(&mut run, 60), format!("{version}\n"));

    // A linker prefers a shared library; -l:name names the archive.
    let program = folder.path().join("static");
    let mut cc = compile("use.c", &program);
    let flags = pkg_config(folder.path(), &["--cflags", "--libs", "--static"]);
    assert!(flags.contains(&"-lgcc_s".to_owned()), "{flags:?}");
    for flag in flags {
        cc.arg(if flag == "-ljackfield" { "-l:libjackfield.a".to_owned() } else { flag });
    }
    succeed(&mut cc, 120);
    assert!(!needed(&program).iter().any(|name| name.contains("jackfield")));

    std::fs::remove_file(program.with_file_name("shared")).expect("it is there");
    succeed(&mut make("uninstall", folder.path()), 60);
    assert_eq!(files(folder.path()), [program.as_path()]);
    assert_eq!(succeed(&mut Command::new(&program), 60), format!("{version}\n"));
}
