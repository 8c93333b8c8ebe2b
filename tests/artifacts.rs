//! The build products: the shared library, the static library, and the files that `make install` installs.

mod common;

use common::process::TempDir;
use common::{expect_success, library, root, scratch};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The maximum size of the shared library, in bytes.
const MAX_SIZE: u64 = 600_000;

/// Weak symbols that the linker references. They may be undefined.
const WEAK_SYMBOLS: [&str; 3] = ["_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__gmon_start__"];

fn run_tool(name: &str, arguments: &[&str], file: &Path) -> String {
    expect_success(Command::new(name).args(arguments).arg(file), 60)
}

fn shared() -> PathBuf {
    library().join("libjackfield.so")
}

fn archive() -> PathBuf {
    library().join("libjackfield.a")
}

/// The exported symbols, as listed in abi/symbols.txt.
fn abi() -> Vec<String> {
    let list = std::fs::read_to_string(root().join("abi/symbols.txt")).expect("abi/symbols.txt exists");
    list.lines().map(str::to_owned).collect()
}

/// The sorted symbol names of an nm listing, without their versions.
fn symbol_names(listing: &str) -> Vec<String> {
    let mut names: Vec<String> = listing
        .lines()
        .filter(|line| line.split_whitespace().count() == 3)
        .filter_map(|line| line.split_whitespace().nth(2))
        .map(|name| name.split('@').next().expect("split yields at least one item").to_owned())
        .collect();
    names.sort();
    names
}

/// The shared libraries that a program or library depends on.
fn needed_libraries(file: &Path) -> Vec<String> {
    dynamic_entries(file, "(NEEDED)")
}

/// The values of an entry of the dynamic section.
fn dynamic_entries(file: &Path, entry: &str) -> Vec<String> {
    run_tool("readelf", &["--dynamic", "--wide"], file)
        .lines()
        .filter(|line| line.contains(entry))
        .filter_map(|line| line.split(['[', ']']).nth(1))
        .map(str::to_owned)
        .collect()
}

/// A command that compiles a C source of tests/artifacts with strict warnings.
fn compile(source: &str, output: &Path) -> Command {
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .arg(root().join("tests/artifacts").join(source))
        .arg("-o")
        .arg(output);
    cc
}

#[test]
fn the_symbol_list_is_sorted() {
    let abi = abi();
    let mut sorted = abi.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(abi, sorted, "abi/symbols.txt");
    assert!(abi.iter().all(|name| name.starts_with("jf_")));
}

#[test]
fn the_shared_library_exports_only_the_abi() {
    let listing = run_tool("nm", &["--dynamic", "--defined-only"], &shared());
    assert_eq!(symbol_names(&listing), abi());
}

#[test]
fn the_shared_library_depends_only_on_libc_and_libgcc_s() {
    for line in run_tool("nm", &["--dynamic", "--undefined-only"], &shared()).lines() {
        let (kind, name) = line.trim().split_once(' ').expect("a kind and a name");
        let known = name.contains("@GLIBC_") || name.contains("@GCC_");
        assert!(known || (kind == "w" && WEAK_SYMBOLS.contains(&name)), "{line}");
    }
    for name in needed_libraries(&shared()) {
        // The dynamic linker belongs to the C library; it implements thread-local storage.
        let known = ["libc.so.6", "libgcc_s.so.1"].contains(&name.as_str()) || name.starts_with("ld-linux");
        assert!(known, "{name}");
    }
}

#[test]
fn the_shared_library_has_a_soname_and_is_small() {
    assert_eq!(dynamic_entries(&shared(), "(SONAME)"), ["libjackfield.so.0"]);
    let size = std::fs::metadata(shared()).expect("the library exists").len();
    assert!(size <= MAX_SIZE, "{size} bytes exceed {MAX_SIZE}");
    let sections = run_tool("readelf", &["--sections", "--wide"], &shared());
    for section in [".symtab", ".debug_info"] {
        assert!(!sections.contains(section), "the library has {section}: it is not stripped");
    }
}

#[test]
fn the_static_library_exports_only_the_abi() {
    let listing = run_tool("nm", &["--extern-only", "--defined-only"], &archive());
    assert_eq!(symbol_names(&listing), abi());
}

/// Each of the two Rust static libraries contains a Rust runtime.
#[test]
fn the_static_library_links_with_another_rust_library() {
    let other = scratch().join("libother.a");
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--edition", "2024", "--crate-name", "other", "--crate-type", "staticlib"])
        .args(["-C", "panic=unwind", "-o"])
        .arg(&other)
        .arg(root().join("tests/artifacts/other.rs"));
    expect_success(&mut rustc, 120);
    let libraries = std::fs::read_to_string(root().join("target/cabi/native-static-libs")).expect("make lib wrote it");
    for (number, archives) in [[archive(), other.clone()], [other.clone(), archive()]].iter().enumerate() {
        let program = scratch().join(format!("two_runtimes_{number}"));
        let mut cc = compile("two_runtimes.c", &program);
        cc.arg("-I").arg(root().join("include")).args(archives).args(libraries.split_whitespace());
        expect_success(&mut cc, 120);
        expect_success(&mut Command::new(&program), 60);
    }
}

/// A `make` command for a target, with a folder as DESTDIR.
fn make(target: &str, folder: &Path) -> Command {
    let mut make = Command::new("make");
    make.args([target, "PREFIX=/opt/jackfield"]).arg(format!("DESTDIR={}", folder.display())).current_dir(root());
    make
}

/// The output of pkg-config for the library installed in a folder.
fn pkg_config(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new("pkg-config");
    command
        .args(arguments)
        .arg("jackfield")
        .env("PKG_CONFIG_PATH", folder.join("opt/jackfield/lib/pkgconfig"))
        .env("PKG_CONFIG_SYSROOT_DIR", folder);
    expect_success(&mut command, 60).split_whitespace().map(str::to_owned).collect()
}

/// The files below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut found = Vec::new();
    for entry in entries.map(|entry| entry.expect("the folder can be read")) {
        match entry.file_type().expect("the entry has a type").is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found.sort();
    found
}

#[test]
fn an_installed_library_is_found_by_pkg_config() {
    library();
    let folder = TempDir::new();
    expect_success(&mut make("install", folder.path()), 60);
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
        let found = std::fs::read_link(prefix.join("lib").join(link)).expect("the file is a symbolic link");
        assert_eq!(found, Path::new(target));
    }
    assert!(prefix.join("lib").join(&real).is_file());
    assert_eq!(pkg_config(folder.path(), &["--modversion"]), [version]);

    let program = folder.path().join("shared");
    let mut cc = compile("use.c", &program);
    cc.args(pkg_config(folder.path(), &["--cflags", "--libs"]));
    expect_success(&mut cc, 120);
    assert!(needed_libraries(&program).contains(&"libjackfield.so.0".to_owned()));
    let mut run = Command::new(&program);
    run.env("LD_LIBRARY_PATH", prefix.join("lib"));
    assert_eq!(expect_success(&mut run, 60), format!("{version}\n"));

    // The linker prefers a shared library; -l:name selects the static one.
    let program = folder.path().join("static");
    let mut cc = compile("use.c", &program);
    let flags = pkg_config(folder.path(), &["--cflags", "--libs", "--static"]);
    assert!(flags.contains(&"-lgcc_s".to_owned()), "{flags:?}");
    for flag in flags {
        cc.arg(if flag == "-ljackfield" { "-l:libjackfield.a".to_owned() } else { flag });
    }
    expect_success(&mut cc, 120);
    assert!(!needed_libraries(&program).iter().any(|name| name.contains("jackfield")));

    std::fs::remove_file(program.with_file_name("shared")).expect("the program exists");
    expect_success(&mut make("uninstall", folder.path()), 60);
    assert_eq!(files(folder.path()), [program.as_path()]);
    assert_eq!(expect_success(&mut Command::new(&program), 60), format!("{version}\n"));
}
