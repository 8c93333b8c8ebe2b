//! The model of the C interface: what C programs and bindings of other languages have to know about it. Plain data,
//! which parse.rs makes from src/ffi and check.rs checks.

#![allow(dead_code, reason = "the model is complete; the header needs a part of it")]

use std::fmt::{self, Display, Formatter};

/// The whole interface, in the order of the source.
#[derive(Debug, Default)]
pub struct Api {
    pub enums: Vec<Enum>,
    pub handles: Vec<Handle>,
    pub structs: Vec<Struct>,
    pub functions: Vec<Function>,
}

/// Where something stands in the source.
#[derive(Debug, Clone, Default)]
pub struct Place {
    pub file: String,
    pub line: usize,
}

/// An enumeration: names for numbers. Parameters and fields hold the numbers as integers.
#[derive(Debug)]
pub struct Enum {
    pub name: String,
    pub comment: Vec<String>,
    pub enumerators: Vec<Enumerator>,
    pub place: Place,
}

#[derive(Debug)]
pub struct Enumerator {
    pub name: String,
    pub value: i64,
    pub comment: Vec<String>,
    pub place: Place,
}

/// A kind of handle: an int64_t with a name.
#[derive(Debug)]
pub struct Handle {
    pub name: String,
    pub comment: Vec<String>,
    pub place: Place,
}

#[derive(Debug)]
pub struct Struct {
    pub name: String,
    pub comment: Vec<String>,
    pub fields: Vec<Variable>,
    pub place: Place,
}

/// A field of a struct, or a parameter of a function.
#[derive(Debug)]
pub struct Variable {
    pub name: String,
    pub of: Type,
    pub marks: Marks,
    pub text: String,
    pub place: Place,
}

#[derive(Debug)]
pub struct Function {
    pub name: String,
    pub summary: String,
    pub paragraphs: Vec<String>,
    pub parameters: Vec<Variable>,
    /// For how long, and until when. "never" if it does not block.
    pub blocks: String,
    pub returns: Return,
    pub errors: Vec<Reason>,
    pub see: Vec<Reference>,
    pub since: String,
    pub place: Place,
}

#[derive(Debug)]
pub struct Return {
    pub of: Type,
    pub kind: ReturnKind,
    pub text: String,
    pub place: Place,
}

/// What a result of 0 or more is.
#[derive(Debug, Clone, PartialEq)]
pub enum ReturnKind {
    /// A new handle of this type.
    New(String),
    /// A file descriptor that the caller has to close.
    OwnedFd,
    /// A file descriptor that stays the library's.
    BorrowedFd,
    Count,
    /// The length of a text, without its NUL.
    Length,
    /// A NUL-terminated string that is never freed.
    StaticText,
    Boolean,
    /// An enumerator of this enumeration.
    Enum(String),
    Number,
    /// 0.
    Nothing,
}

/// Why a function fails with one of these errors.
#[derive(Debug)]
pub struct Reason {
    pub codes: Vec<String>,
    pub text: String,
    pub place: Place,
}

/// Where to read on.
#[derive(Debug, Clone, PartialEq)]
pub enum Reference {
    ManualPage {
        name: String,
        section: String,
    },
    Function(String),
    /// A page of the documentation, such as docs/batches.md.
    Page(String),
    /// A standard, or a name of the system's.
    Other(String),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// void, behind a pointer.
    Void,
    /// char
    Char,
    Integer {
        signed: bool,
        bits: u32,
    },
    /// size_t
    Size,
    /// A handle.
    Handle(String),
    Struct(String),
    Array {
        of: Box<Type>,
        len: usize,
    },
    Pointer {
        to: Box<Type>,
        is_const: bool,
    },
}

/// What the marks in brackets say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Marks {
    /// For every pointer that is not borrowed.
    pub direction: Option<Direction>,
    pub extent: Extent,
    /// The pointer may be NULL.
    pub is_optional: bool,
    /// The pointer points into the memory of this other parameter or field.
    pub borrowed: Option<String>,
    /// What an integer means, or one that a pointer points at.
    pub meaning: Option<Meaning>,
}

/// Which way data passes through a pointer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Direction {
    In,
    Out,
    InOut,
}

/// How much a pointer points at.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Extent {
    /// One object.
    #[default]
    One,
    /// So many bytes.
    Buffer(Count),
    /// So many elements.
    Array(Count),
    /// A NUL-terminated string.
    Text,
    /// A buffer of so many bytes for a NUL-terminated string.
    TextBuffer(Count),
    /// A pointer to a NUL-terminated string that is never freed.
    StaticText,
}

/// A number of bytes or elements.
#[derive(Debug, Clone, PartialEq)]
pub enum Count {
    Fixed(u64),
    /// The parameter or field that holds it.
    Variable(String),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// Enumerators of these enumerations, joined with |.
    Flags(Vec<String>),
    /// One enumerator of this enumeration.
    Enum(String),
    /// A timeout: -1 waits for ever, 0 never.
    Milliseconds,
    /// A file descriptor that stays the caller's.
    Fd,
    /// A file descriptor that changes its owner.
    OwnedFd,
}

impl Api {
    pub fn enumeration(&self, name: &str) -> Option<&Enum> {
        self.enums.iter().find(|item| item.name == name)
    }
}

impl Type {
    pub fn is_integer(&self) -> bool {
        matches!(self, Type::Integer { .. } | Type::Size)
    }

    pub fn is_pointer(&self) -> bool {
        matches!(self, Type::Pointer { .. })
    }

    /// What it points at, or is an array of; else itself.
    pub fn element(&self) -> &Type {
        match self {
            Type::Pointer { to: of, .. } | Type::Array { of, .. } => of,
            other => other,
        }
    }

    /// A declaration of this type in C.
    pub fn declare(&self, name: &str) -> String {
        match self {
            Type::Void => format!("void {name}"),
            Type::Char => format!("char {name}"),
            Type::Integer { signed: true, bits } => format!("int{bits}_t {name}"),
            Type::Integer { signed: false, bits } => format!("uint{bits}_t {name}"),
            Type::Size => format!("size_t {name}"),
            Type::Handle(of) => format!("{of} {name}"),
            Type::Struct(of) => format!("struct {of} {name}"),
            Type::Array { of, len } => of.declare(&format!("{name}[{len}]")),
            Type::Pointer { to, is_const } => match (&**to, is_const) {
                (Type::Pointer { .. }, true) => to.declare(&format!("const *{name}")),
                (_, true) => format!("const {}", to.declare(&format!("*{name}"))),
                (_, false) => to.declare(&format!("*{name}")),
            },
        }
    }
}

/// As it is written in the source.
impl Display for Marks {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut marks = Vec::new();
        marks.extend(self.direction.map(|direction| match direction {
            Direction::In => "in".to_owned(),
            Direction::Out => "out".to_owned(),
            Direction::InOut => "inout".to_owned(),
        }));
        match &self.extent {
            Extent::One => {}
            Extent::Buffer(count) => marks.push(format!("buffer({count})")),
            Extent::Array(count) => marks.push(format!("array({count})")),
            Extent::Text => marks.push("text".into()),
            Extent::TextBuffer(count) => marks.push(format!("text({count})")),
            Extent::StaticText => marks.push("static text".into()),
        }
        marks.extend(self.borrowed.as_ref().map(|other| format!("borrowed({other})")));
        marks.extend(self.meaning.as_ref().map(|meaning| match meaning {
            Meaning::Flags(enums) => format!("flags({})", enums.join(", ")),
            Meaning::Enum(name) => format!("enum({name})"),
            Meaning::Milliseconds => "milliseconds".into(),
            Meaning::Fd => "fd".into(),
            Meaning::OwnedFd => "owned fd".into(),
        }));
        if self.is_optional {
            marks.push("optional".into());
        }
        if marks.is_empty() { Ok(()) } else { write!(f, "[{}]", marks.join(", ")) }
    }
}

impl Display for Count {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Count::Fixed(number) => number.fmt(f),
            Count::Variable(name) => name.fmt(f),
        }
    }
}

impl Display for ReturnKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            ReturnKind::New(handle) => write!(f, "[new {handle}]"),
            ReturnKind::OwnedFd => f.write_str("[owned fd]"),
            ReturnKind::BorrowedFd => f.write_str("[borrowed fd]"),
            ReturnKind::Count => f.write_str("[count]"),
            ReturnKind::Length => f.write_str("[length]"),
            ReturnKind::StaticText => f.write_str("[static text]"),
            ReturnKind::Boolean => f.write_str("[boolean]"),
            ReturnKind::Enum(name) => write!(f, "[enum({name})]"),
            ReturnKind::Number => f.write_str("[number]"),
            ReturnKind::Nothing => f.write_str("[nothing]"),
        }
    }
}

impl Display for Reference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Reference::ManualPage { name, section } => write!(f, "{name}({section})"),
            Reference::Function(name) | Reference::Page(name) | Reference::Other(name) => f.write_str(name),
        }
    }
}

/// A mistake in the source, and where it is.
#[derive(Debug)]
pub struct Problem {
    pub place: Place,
    /// The function, struct or enumeration.
    pub item: String,
    pub text: String,
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.place.file, self.place.line, self.item, self.text)
    }
}
