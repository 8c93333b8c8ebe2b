//! Gives the shared library its SONAME and, with the feature `capi`, writes the C header and the table of options.
//!
//! src/ffi -> parse.rs -> the model in api.rs -> check.rs -> header.rs -> cbindgen -> jackfield.h

#[cfg(feature = "capi")]
mod api;
#[cfg(feature = "capi")]
mod check;
#[cfg(feature = "capi")]
mod header;
#[cfg(feature = "capi")]
mod options;
#[cfg(feature = "capi")]
mod parse;

fn main() {
    println!("cargo:rerun-if-changed=build");
    #[cfg(feature = "capi")]
    capi::build();
}

#[cfg(feature = "capi")]
mod capi {
    use super::api::{Api, Problem};
    use super::{check, header, options, parse};
    use std::path::{Path, PathBuf};
    use std::{env, fs, process};

    /// The files of src/ffi that declare the interface, in the header's order.
    const FILES: [&str; 19] = [
        "status",
        "socket",
        "addr",
        "send_recv",
        "message_types",
        "message",
        "batches",
        "send_file",
        "options",
        "tcp_info",
        "resolve",
        "endpoint",
        "dialer",
        "multicast",
        "interfaces",
        "listen_fds",
        "wait",
        "poller",
        "about",
    ];

    pub fn build() {
        set_soname();
        let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets the manifest's folder"));
        let api = read_api(&root);
        println!("cargo:rerun-if-changed=cbindgen.toml");
        write("OPTIONS", "options.md", &options::list());
        write("HEADER", "jackfield.h", &header::write(&api, &root.join("cbindgen.toml")));
    }

    /// rustc sets no SONAME. The number is the ABI's major version, which is the crate's. The library is never
    /// unloaded, because a lookup that timed out may still be running in it.
    fn set_soname() {
        if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
            let major = env::var("CARGO_PKG_VERSION_MAJOR").expect("cargo sets the version");
            println!("cargo:rustc-link-arg=-Wl,-soname,libjackfield.so.{major}");
            println!("cargo:rustc-link-arg=-Wl,-z,nodelete");
        }
    }

    /// Reads the model from the source. The build fails if anything is wrong with it.
    fn read_api(root: &Path) -> Api {
        let mut api = Api::default();
        let mut problems = Vec::new();
        for name in FILES {
            let file = format!("src/ffi/{name}.rs");
            println!("cargo:rerun-if-changed={file}");
            let source = fs::read_to_string(root.join(&file)).expect("a file of src/ffi is readable");
            parse::add(&mut api, &file, &source, &mut problems);
            if name == "options" {
                println!("cargo:rerun-if-changed=src/sys/socket/option_table.rs");
                parse::add(&mut api, "build/options.rs (generated)", &options::enumerators(), &mut problems);
            }
        }
        check::check(&mut api, &mut problems);
        if !problems.is_empty() {
            fail(&problems);
        }
        api
    }

    fn fail(problems: &[Problem]) -> ! {
        eprintln!("The comments of src/ffi have {} mistakes:\n", problems.len());
        for problem in problems {
            eprintln!("{problem}");
        }
        process::exit(1)
    }

    /// Writes a file to OUT_DIR. The tests and the Makefile find it by the environment variable JACKFIELD_`name`.
    fn write(name: &str, file: &str, text: &str) {
        let path = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join(file);
        println!("cargo:rustc-env=JACKFIELD_{name}={}", path.display());
        fs::write(&path, text).expect("OUT_DIR is writable");
    }
}
