//! Gives the shared library its SONAME and, with the feature `capi`, writes the C header.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "capi")]
    capi::build();
}

#[cfg(feature = "capi")]
mod capi {
    use std::env;
    use std::path::PathBuf;

    pub fn build() {
        soname();
        header();
    }

    /// rustc sets no SONAME. The number is the ABI's major version, which is the crate's.
    fn soname() {
        if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
            let major = env::var("CARGO_PKG_VERSION_MAJOR").expect("cargo sets the version");
            println!("cargo:rustc-link-arg=-Wl,-soname,libjackfield.so.{major}");
        }
    }

    /// The header, from the files that hold the ABI, in a reader's order. It goes to OUT_DIR; a test compares it with the
    /// one checked in.
    fn header() {
        println!("cargo:rerun-if-changed=cbindgen.toml");
        let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets the manifest's folder"));
        let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is right");
        let mut builder = cbindgen::Builder::new().with_config(config);
        for noun in ["status", "socket", "addr", "io", "file", "option", "tcp", "about"] {
            let file = root.join(format!("src/ffi/{noun}.rs"));
            println!("cargo:rerun-if-changed={}", file.display());
            builder = builder.with_src(file);
        }
        let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("jackfield.h");
        println!("cargo:rustc-env=JACKFIELD_HEADER={}", out.display());
        builder.generate().expect("cbindgen reads src/ffi").write_to_file(out);
    }
}
