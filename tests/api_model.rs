//! The build script's parser and checks of the comments in src/ffi: what they accept, and the exact message for each
//! mistake.

#[path = "../build/api.rs"]
mod api;
#[path = "../build/check.rs"]
mod check;
#[path = "../build/parse.rs"]
mod parse;

use api::{Api, Count, Direction, Extent, Marks, Meaning, Reference, ReturnKind, Type};

/// Declarations that the functions of the tests refer to.
const TYPES: &str = "
/// Errors.
#[repr(C)]
pub enum jf_error {
    /// An argument is invalid.
    JF_E_INVALID = -1,
    /// The operation timed out.
    JF_E_TIMED_OUT = -2,
}
/// Flags.
#[repr(C)]
pub enum jf_flag {
    /// Don't wait.
    JF_DONT_WAIT = 0x40,
}
/// A socket.
pub type jf_socket = i64;
/// An address.
#[repr(C)]
pub struct jf_addr {
    /// The port.
    pub port: u16,
    /// The path,
    /// or a name.
    pub data: [u8; 112],
}
";

/// A function without a mistake. The tests replace parts of it; its first line is line 1.
const RECV: &str = "/// Receives bytes.
///
/// On a stream, fewer bytes than `len`
/// may arrive.
///
/// @param s      connected socket
/// @param data   [out, buffer(len)] where to put the bytes
/// @param len    capacity of `data` in bytes
/// @param flags  [flags(jf_flag)] 0, or JF_DONT_WAIT
///
/// @blocks   until data is available
/// @return   [count] number of bytes;
///           0 at the end of a stream
/// @error JF_E_INVALID, JF_E_TIMED_OUT   nothing arrived
///   in time
/// @see recv(2), jf_recv, docs/messages.md, RFC 9293
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern \"C\" fn jf_recv(s: jf_socket, data: *mut c_void, len: usize, flags: u32) -> i64 {
    0
}
";

fn read(source: &str) -> (Api, Vec<String>) {
    let mut api = Api::default();
    let mut problems = Vec::new();
    parse::add(&mut api, "recv.rs", source, &mut problems);
    parse::add(&mut api, "types.rs", TYPES, &mut problems);
    check::check(&mut api, &mut problems);
    (api, problems.iter().map(ToString::to_string).collect())
}

/// Asserts that `source` has exactly these mistakes.
fn rejects(source: &str, messages: &[&str]) {
    assert_eq!(read(source).1, messages);
}

/// Asserts that the function with `old` replaced by `new` has exactly these mistakes.
fn rejects_with(old: &str, new: &str, messages: &[&str]) {
    assert!(RECV.contains(old), "{old:?} is a part of the function");
    rejects(&RECV.replace(old, new), messages);
}

fn accepts_with(old: &str, new: &str) -> Api {
    assert!(RECV.contains(old), "{old:?} is a part of the function");
    let (api, messages) = read(&RECV.replace(old, new));
    assert!(messages.is_empty(), "{messages:?}");
    api
}

#[test]
fn a_function_is_modelled() {
    let api = accepts_with("", "");
    let [recv] = &api.functions[..] else { panic!("it is one function") };
    assert_eq!((recv.name.as_str(), recv.summary.as_str()), ("jf_recv", "Receives bytes."));
    assert_eq!(recv.paragraphs, ["On a stream, fewer bytes than `len` may arrive."]);
    let names: Vec<_> = recv.parameters.iter().map(|one| one.of.declare(&one.name)).collect();
    assert_eq!(names, ["jf_socket s", "void *data", "size_t len", "uint32_t flags"]);
    let marks: Vec<_> = recv.parameters.iter().map(|one| one.marks.to_string()).collect();
    assert_eq!(marks, ["", "[out, buffer(len)]", "", "[flags(jf_flag)]"]);
    assert_eq!(recv.parameters[1].text, "where to put the bytes");
    assert_eq!(
        recv.parameters[1].marks,
        Marks {
            direction: Some(Direction::Out),
            extent: Extent::Buffer(Count::Variable("len".into())),
            ..Marks::default()
        }
    );
    assert_eq!(recv.parameters[3].marks.meaning, Some(Meaning::Flags(vec!["jf_flag".into()])));
    assert_eq!(recv.blocks, "until data is available");
    assert_eq!(recv.returns.kind, ReturnKind::Count);
    assert_eq!(recv.returns.text, "number of bytes; 0 at the end of a stream");
    let [error] = &recv.errors[..] else { panic!("it is one reason") };
    assert_eq!(error.codes, ["JF_E_INVALID", "JF_E_TIMED_OUT"]);
    assert_eq!(error.text, "nothing arrived in time");
    assert_eq!(
        recv.see,
        [
            Reference::ManualPage { name: "recv".into(), section: "2".into() },
            Reference::Function("jf_recv".into()),
            Reference::Page("docs/messages.md".into()),
            Reference::Other("RFC 9293".into()),
        ]
    );
    assert_eq!(recv.since, "0.1");
    assert_eq!(recv.place.line, 19);
}

#[test]
fn types_are_modelled() {
    let (api, _) = read("");
    let values: Vec<_> = api.enums[0].enumerators.iter().map(|one| (one.name.as_str(), one.value)).collect();
    assert_eq!(values, [("JF_E_INVALID", -1), ("JF_E_TIMED_OUT", -2)]);
    assert_eq!(api.enums[1].enumerators[0].value, 0x40);
    assert_eq!(api.enums[1].enumerators[0].comment, ["Don't wait."]);
    assert_eq!(api.handles[0].name, "jf_socket");
    let fields: Vec<_> = api.structs[0].fields.iter().map(|one| one.of.declare(&one.name)).collect();
    assert_eq!(fields, ["uint16_t port", "uint8_t data[112]"]);
    assert_eq!(api.structs[0].fields[1].text, "The path, or a name.");
}

#[test]
fn types_are_declared_as_in_c() {
    let pointer = |to: Type, is_const| Type::Pointer { to: Box::new(to), is_const };
    assert_eq!(pointer(Type::Char, true).declare("text"), "const char *text");
    assert_eq!(pointer(pointer(Type::Char, true), false).declare("expected"), "const char **expected");
    assert_eq!(pointer(Type::Struct("jf_addr".into()), true).declare("a"), "const struct jf_addr *a");
}

#[test]
fn optional_parts_may_be_missing() {
    accepts_with("/// @error JF_E_INVALID, JF_E_TIMED_OUT   nothing arrived\n///   in time\n", "");
    accepts_with("/// @see recv(2), jf_recv, docs/messages.md, RFC 9293\n", "");
    accepts_with(
        "/// @return   [count] number of bytes;\n///           0 at the end of a stream",
        "/// @return   [nothing]",
    );
}

#[test]
fn every_mark_is_accepted() {
    accepts_with("[out, buffer(len)]", "[borrowed(data), buffer(len), optional]");
    accepts_with("[flags(jf_flag)]", "[milliseconds]");
    accepts_with("[flags(jf_flag)]", "[fd]");
    accepts_with("[flags(jf_flag)]", "[owned fd]");
    accepts_with("[flags(jf_flag)]", "[enum(jf_error)]");
    accepts_with("[flags(jf_flag)]", "[flags(jf_flag, jf_error)]");
    for (of, mark) in [
        ("*const c_char", "[in, text]"),
        ("*mut c_char", "[out, text(len), optional]"),
        ("*mut jf_addr", "[inout, array(len)]"),
        ("*mut jf_addr", "[out, array(2)]"),
        ("*mut jf_addr", "[out]"),
        ("*mut u32", "[out, flags(jf_flag)]"),
        ("*mut *const c_char", "[out, static text, optional]"),
    ] {
        let api = read(&RECV.replace("*mut c_void", of).replace("[out, buffer(len)]", mark));
        assert!(api.1.is_empty(), "{of} {mark}: {:?}", api.1);
        assert_eq!(api.0.functions[0].parameters[1].marks.to_string(), mark);
    }
}

#[test]
fn every_return_kind_is_accepted() {
    for kind in [
        "new jf_socket",
        "owned fd",
        "borrowed fd",
        "count",
        "length",
        "boolean",
        "enum(jf_error)",
        "number",
        "nothing",
    ] {
        let api = accepts_with("[count]", &format!("[{kind}]"));
        assert_eq!(api.functions[0].returns.kind.to_string(), format!("[{kind}]"));
    }
    let (_, problems) = read(&RECV.replace("[count]", "[static text]").replace("-> i64", "-> *const c_char"));
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn a_pointer_needs_a_role() {
    let message = "recv.rs:7: jf_recv: @param data is a pointer without a role: in, out, inout or borrowed(...)";
    rejects_with("[out, buffer(len)]", "[buffer(len)]", &[message]);
    rejects_with(
        "[out, buffer(len)]",
        "",
        &[message, "recv.rs:7: jf_recv: @param data points at bytes, so it has the mark buffer(...)"],
    );
    rejects(
        "/// Memory.\n#[repr(C)]\npub struct jf_buf {\n    /// Its bytes.\n    pub data: *mut c_void,\n}\n",
        &[
            "recv.rs:5: jf_buf: field `data` is a pointer without a role: in, out, inout or borrowed(...)",
            "recv.rs:5: jf_buf: field `data` points at bytes, so it has the mark buffer(...)",
        ],
    );
}

#[test]
fn a_role_fits_its_pointer() {
    rejects_with(
        "*mut c_void",
        "*const c_void",
        &["recv.rs:7: jf_recv: @param data is written to, but points at something const"],
    );
    rejects_with("*mut c_void", "*mut c_char", &["recv.rs:7: jf_recv: @param data is a char * without the mark text"]);
    rejects_with(
        "[out, buffer(len)]",
        "[out, text(len)]",
        &[
            "recv.rs:7: jf_recv: @param data points at bytes, so it has the mark buffer(...)",
            "recv.rs:7: jf_recv: @param data is marked as text, but not a char *",
        ],
    );
    rejects_with(
        "@param len    ",
        "@param len    [in] ",
        &["recv.rs:8: jf_recv: @param len has a mark for pointers, but is not a pointer"],
    );
    let text = RECV.replace("*mut c_void", "*mut c_char");
    rejects(
        &text.replace("[out, buffer(len)]", "[out, text]"),
        &["recv.rs:7: jf_recv: @param data is an out text, so it needs its size: text(...)"],
    );
    rejects(
        &text.replace("[out, buffer(len)]", "[in, text(len)]"),
        &["recv.rs:7: jf_recv: @param data is an in text, which ends with its NUL: text without a size"],
    );
    rejects(
        &RECV.replace("*mut c_void", "*mut *const c_char").replace("[out, buffer(len)]", "[out]"),
        &["recv.rs:7: jf_recv: @param data points at a pointer, so it has the mark static text"],
    );
    rejects_with(
        "[out, buffer(len)]",
        "[out, in, buffer(len)]",
        &["recv.rs:7: jf_recv: @param data has the mark \"in\" beside another one that excludes it"],
    );
}

#[test]
fn a_count_exists_and_is_an_integer() {
    for mark in ["buffer", "array", "text"] {
        let of = if mark == "text" { "*mut c_char" } else { "*mut c_void" };
        let of = if mark == "array" { "*mut jf_addr" } else { of };
        let source = RECV.replace("*mut c_void", of);
        rejects(
            &source.replace("buffer(len)", &format!("{mark}(size)")),
            &[&format!("recv.rs:7: jf_recv: @param data: {mark}(size) names a parameter that does not exist")],
        );
        rejects(
            &source.replace("buffer(len)", &format!("{mark}(s)")),
            &[&format!("recv.rs:7: jf_recv: @param data: {mark}(s) names a parameter that is not an integer")],
        );
    }
    rejects_with(
        "[out, buffer(len)]",
        "[borrowed(buf), buffer(len)]",
        &["recv.rs:7: jf_recv: @param data: borrowed(buf) names a parameter that does not exist"],
    );
    rejects_with(
        "[out, buffer(len)]",
        "[borrowed(len), buffer(len)]",
        &["recv.rs:7: jf_recv: @param data: borrowed(len) names a parameter that is not a pointer"],
    );
    rejects(
        "/// It.\n#[repr(C)]\npub struct jf_buf {\n    /// [in, buffer(len)] Bytes.\n    pub data: *mut c_void,\n}\n",
        &["recv.rs:5: jf_buf: field `data`: buffer(len) names a field that does not exist"],
    );
}

#[test]
fn parameters_are_those_of_the_signature() {
    rejects_with("/// @param len    capacity of `data` in bytes\n", "", &["recv.rs:18: jf_recv: it has no @param len"]);
    rejects_with(
        "/// @param len ",
        "/// @param size  the size\n/// @param len ",
        &["recv.rs:8: jf_recv: @param size is not a parameter"],
    );
    rejects_with(
        "/// @param len ",
        "/// @param s  the socket\n/// @param len ",
        &["recv.rs:8: jf_recv: it has a second @param s"],
    );
    rejects_with(
        "/// @param s      connected socket\n/// @param data   [out, buffer(len)] where to put the bytes\n",
        "/// @param data   [out, buffer(len)] where to put the bytes\n/// @param s      connected socket\n",
        &["recv.rs:7: jf_recv: @param s is not in the order of the parameters"],
    );
    rejects_with("connected socket", "", &["recv.rs:6: jf_recv: @param s has no text"]);
}

#[test]
fn no_part_is_missing() {
    rejects(
        "pub extern \"C\" fn jf_close() -> i64 { 0 }",
        &[
            "recv.rs:1: jf_close: it has no summary",
            "recv.rs:1: jf_close: it has no @blocks",
            "recv.rs:1: jf_close: it has no @since",
            "recv.rs:1: jf_close: it has no @return",
        ],
    );
    rejects_with(
        "[count] ",
        "",
        &["recv.rs:12: jf_recv: @return has no kind in brackets, such as [count] or [nothing]"],
    );
    rejects_with(
        "[count] number of bytes;\n///           0 at the end of a stream",
        "[count]",
        &["recv.rs:12: jf_recv: @return has no text"],
    );
    rejects_with("until data is available", "", &["recv.rs:11: jf_recv: @blocks is empty"]);
    rejects_with(
        "   nothing arrived\n///   in time",
        "",
        &["recv.rs:14: jf_recv: @error JF_E_INVALID, JF_E_TIMED_OUT has no text"],
    );
    rejects_with("@since 0.1", "@since now", &["recv.rs:17: jf_recv: @since \"now\" is not a version number"]);
    rejects(
        "#[repr(C)]\npub struct jf_buf {\n    pub len: usize,\n}\n#[repr(C)]\npub enum jf_how {\n    JF_A = 3,\n}\n",
        &[
            "recv.rs:6: jf_how: it has no comment",
            "recv.rs:7: jf_how: JF_A has no comment",
            "recv.rs:2: jf_buf: it has no comment",
            "recv.rs:3: jf_buf: field `len` has no comment",
        ],
    );
}

#[test]
fn parts_are_in_order() {
    rejects_with(
        "/// @since 0.1\n",
        "/// @since 0.1\n/// @blocks never\n",
        &[
            "recv.rs:18: jf_recv: @blocks stands after @since, but belongs before it",
            "recv.rs:18: jf_recv: it has a second @blocks",
        ],
    );
    rejects_with(
        "/// @since 0.1\n",
        "/// @since 0.1\n///\n/// A paragraph.\n",
        &[concat!(
            "recv.rs:19: jf_recv: the line belongs to no part: indent it by two spaces to continue one, ",
            "or put it above the first"
        )],
    );
}

#[test]
fn unknown_names_are_rejected() {
    rejects_with("@see", "@sea", &["recv.rs:16: jf_recv: @sea is not a part of a comment"]);
    rejects_with(
        "[out, buffer(len)]",
        "[out, buffer(len), const]",
        &["recv.rs:7: jf_recv: @param data has the unknown mark \"const\""],
    );
    rejects_with("[count]", "[total]", &["recv.rs:12: jf_recv: @return has the unknown kind [total]"]);
    rejects_with(
        "JF_E_INVALID",
        "JF_E_NOTHING",
        &["recv.rs:14: jf_recv: @error JF_E_NOTHING is not an enumerator of jf_error"],
    );
    rejects_with(
        "@error JF_E_INVALID,",
        "@error EINVAL,",
        &["recv.rs:14: jf_recv: @error begins with error codes, not with \"EINVAL\""],
    );
    rejects_with(
        "[flags(jf_flag)]",
        "[flags(jf_flags)]",
        &["recv.rs:9: jf_recv: @param flags: flags(jf_flags) names an enum that does not exist"],
    );
    rejects_with(
        "[flags(jf_flag)]",
        "[enum(jf_how)]",
        &["recv.rs:9: jf_recv: @param flags: enum(jf_how) names an enum that does not exist"],
    );
    rejects_with(
        "connected socket",
        "[fd] a socket",
        &["recv.rs:6: jf_recv: @param s has a mark for integers, but is not an integer"],
    );
    rejects_with(
        "[count]",
        "[new jf_poller]",
        &["recv.rs:12: jf_recv: @return [new jf_poller] names a handle that does not exist"],
    );
    rejects_with(
        "[count]",
        "[enum(jf_how)]",
        &["recv.rs:12: jf_recv: @return [enum(jf_how)] names an enum that does not exist"],
    );
    rejects_with(
        "[count]",
        "[static text]",
        &["recv.rs:12: jf_recv: @return [static text] is for a const char *, but it returns int64_t"],
    );
    rejects_with("jf_recv,", "jf_receive,", &["recv.rs:19: jf_recv: @see jf_receive is not a function"]);
    rejects_with("s: jf_socket", "s: f64", &["recv.rs:19: jf_recv: the type f64 has no equal in C"]);
}
