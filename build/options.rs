//! What is written of the options: the enum jf_option, and the table of docs/options.md.

use std::fmt::Write;

struct Row {
    text: &'static [&'static str],
    name: &'static str,
    number: &'static str,
    form: &'static str,
    limits: &'static [&'static str],
    access: &'static str,
    places: &'static [(&'static str, &'static str)],
}

macro_rules! options {
    ($($(#[doc = $text:literal])+ $name:ident = $number:literal: $form:ident $(($($limit:literal),+))?
        [$($access:tt)*] {$($at:ident: $os:ident),*})*) => {
        const ROWS: &[Row] = &[$(Row {
            text: &[$($text),+],
            name: stringify!($name),
            number: stringify!($number),
            form: stringify!($form),
            limits: &[$($(stringify!($limit)),+)?],
            access: stringify!($($access)*),
            places: &[$((stringify!($at), stringify!($os))),*],
        }),*];
    };
}

include!("../src/sys/socket/option_table.rs");

/// C's enumerators, as the Rust that cbindgen reads.
pub fn enumerators() -> String {
    let mut out = String::from(
        "/// Options of sockets. jf_set and jf_get take numeric options, jf_set_text and jf_get_text take text\n\
         /// options. A switch is 0 or 1. Each comment ends with the range and the default, the kinds of sockets that\n\
         /// have the option, and its native names in parentheses. On other sockets, and on systems without the\n\
         /// option, the functions return JF_E_OPTION_UNSUPPORTED. An option that is not marked read-only or\n\
         /// write-only can be set and read.\n\
         #[repr(C)]\npub enum jf_option {\n",
    );
    for row in ROWS {
        for line in wrapped(&row.comment(), 120 - "    /// ".len()) {
            writeln!(out, "    /// {line}").expect("a string takes it");
        }
        writeln!(out, "    {} = {},", row.c_name(), row.number).expect("a string takes it");
    }
    out + "}\n"
}

/// The names for docs/options.md, by the sockets that have them.
pub fn list() -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    let names: Vec<String> = ROWS.iter().map(|row| screaming(row.name)).collect();
    for (row, name) in ROWS.iter().zip(&names) {
        let sockets = row.sockets();
        match groups.iter_mut().find(|group| group.0 == sockets) {
            Some(group) => group.1.push(name),
            None => groups.push((sockets, vec![name])),
        }
    }
    let mut out = String::from("| sockets | options, each after `JF_OPT_` |\n|---|---|\n");
    for (sockets, names) in groups {
        writeln!(out, "| {sockets} | {} |", names.join(", ")).expect("a string takes it");
    }
    out
}

impl Row {
    fn c_name(&self) -> String {
        format!("JF_OPT_{}", screaming(self.name))
    }

    /// The row's own text, and what else it says.
    fn comment(&self) -> String {
        let text = linked(&self.text.concat());
        // A default that the text ends with goes with the values.
        let (text, default) = match text.trim().trim_end_matches('.').rsplit_once(" Default ") {
            Some((text, default)) if !default.contains('.') => (text.to_owned(), format!(", default {default}")),
            _ => (text, String::new()),
        };
        let mut comment = match self.values() {
            Some(values) => format!("{text} {values}{default}; {}", self.sockets()),
            None => format!("{text} {}", capitalized(&self.sockets())),
        };
        if !self.access.is_empty() {
            let access = self.access.replace("read only", "read-only").replace("write only", "write-only");
            write!(comment, "; {access}").expect("a string takes it");
        }
        comment.push('.');
        let mut names: Vec<_> = self.places.iter().map(|place| place.1).collect();
        names.dedup();
        if !names.is_empty() {
            write!(comment, " ({})", names.join(", ")).expect("a string takes it");
        }
        comment.trim().to_owned()
    }

    /// The range of values; `None` if the type alone limits them.
    fn values(&self) -> Option<String> {
        let limit = |index: usize| match self.limits[index].replace(' ', "").as_str() {
            "2147483647" => "INT32_MAX".to_owned(),
            "4294967295" => "UINT32_MAX".to_owned(),
            "9223372036854775807" => "INT64_MAX".to_owned(),
            number => number.trim_matches('"').to_owned(),
        };
        let values = match (self.form, self.limits.len()) {
            ("Switch" | "DontFragment", 0) => "Switch".into(),
            ("Text", 1) => format!("Text of at most {} bytes", limit(0)),
            (_, 0) => return None,
            (_, 2) => format!("{} to {}", limit(0), limit(1)),
            (_, 3) => format!("{} to {} {}", limit(0), limit(1), limit(2)),
            _ => panic!("{}: a form with such limits has no words yet", self.name),
        };
        Some(values)
    }

    fn sockets(&self) -> String {
        let places: Vec<&str> = self.places.iter().map(|place| place.0).collect();
        match places[..] {
            // The library's own.
            [] | ["Every"] => "every socket",
            ["Ip"] | ["V4", "V6"] => "IPv4, IPv6",
            ["V4"] => "IPv4, and IPv6 except raw sockets",
            ["V6"] => "IPv6",
            ["Packets4", "Packets6"] => "IPv4 and IPv6, except TCP",
            ["Raw4", "Raw6"] => "raw IPv4, raw IPv6",
            ["Raw6"] => "raw IPv6",
            ["Ipv6NotRaw"] => "IPv6 except raw sockets",
            ["Tcp"] => "TCP",
            ["Udp"] => "UDP",
            ["Tcp", "Udp"] => "TCP, UDP",
            ["PlainUdp"] => "UDP, except UDP-Lite",
            ["UdpLite"] => "UDP-Lite",
            ["Unix"] => "UNIX",
            ["Unix", "Netlink"] => "UNIX, netlink",
            ["Vsock"] => "vsock",
            _ => panic!("{}: such places have no words yet", self.name),
        }
        .into()
    }
}

/// KeepIdle as KEEP_IDLE.
fn screaming(name: &str) -> String {
    let mut out = String::new();
    for char in name.chars() {
        if char.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(char.to_ascii_uppercase());
    }
    out
}

fn capitalized(text: &str) -> String {
    text[..1].to_uppercase() + &text[1..]
}

/// A text with C's names for what it links to: [`Opt::Ttl`], [`Error::INVALID`], [`Flags::PEEK`], [`Family`].
fn linked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        let (link, after) = link.split_once("`]").expect("a link ends");
        out += before;
        out += &match link.split_once("::") {
            Some(("Opt", name)) => {
                let row = ROWS.iter().find(|row| row.name == name).expect("a link leads to an option");
                row.c_name()
            }
            Some(("Error", name)) => format!("JF_E_{name}"),
            Some(("Flags", name)) => format!("JF_{name}"),
            None => format!("jf_{}", link.to_lowercase()),
            Some(_) => panic!("{link}: C has no name for it"),
        };
        rest = after;
    }
    out + rest
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}
