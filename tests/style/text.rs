//! Searches code for retired identifiers, and comments and prose for retired words.

use std::path::Path;

/// Words or phrases that prose no longer uses, each with its replacement.
pub struct Words(Vec<[String; 3]>);

impl Words {
    /// Reads a list: one entry a line: the phrase, its replacement and optionally the files that may use it, separated
    /// by three spaces.
    pub fn parse(list: &str) -> Words {
        Words(entries(list).collect())
    }

    /// Searches paragraphs, each with the line on which it starts.
    pub fn find(&self, file: &str, paragraphs: &[(usize, String)]) -> Vec<String> {
        let mut problems = Vec::new();
        for (line, paragraph) in paragraphs {
            // Anything that is no letter separates words. The names of parameters and fields of C are not prose.
            let words: Vec<String> = without_marks(&without_parameter_names(&without_code(paragraph)))
                .split(|char: char| !char.is_alphanumeric() && char != '_' && char != '\'')
                .filter(|word| !word.is_empty())
                .map(str::to_lowercase)
                .collect();
            let words = format!(" {} ", words.join(" "));
            for [word, instead, except] in &self.0 {
                if words.contains(&format!(" {word} ")) && !is_excepted(file, except) {
                    problems.push(format!("{file}:{line}: {word:?}: write {instead}"));
                }
            }
        }
        problems
    }
}

/// Identifiers that code no longer uses, each with its replacement.
pub struct Identifiers(Vec<[String; 3]>);

impl Identifiers {
    /// Reads a list: one entry a line: the identifier, its replacement and optionally "except" with file names,
    /// separated by three spaces. A name that begins with `*` matches as a part of an identifier.
    pub fn parse(list: &str) -> Identifiers {
        Identifiers(entries(list).collect())
    }

    pub fn find(&self, file: &str, source: &str) -> Vec<String> {
        let mut problems = Vec::new();
        for (index, line) in source.lines().enumerate() {
            let code = line.find("//").map_or(line, |at| &line[..at]);
            for name in code.split(|char: char| !char.is_alphanumeric() && char != '_') {
                let parts = parts(name);
                for [retired, instead, except] in &self.0 {
                    let is_retired = match retired.strip_prefix('*') {
                        Some(part) => parts.iter().any(|one| one == part),
                        None => name == retired,
                    };
                    if is_retired && !is_excepted(file, except) {
                        problems.push(format!("{file}:{}: {name}: use {instead}", index + 1));
                    }
                }
            }
        }
        problems
    }
}

fn is_excepted(file: &str, except: &str) -> bool {
    except.split(' ').any(|exception| exception == file)
}

fn entries(list: &str) -> impl Iterator<Item = [String; 3]> {
    list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| {
        let mut parts = line.split("   ").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned);
        let [word, instead] = [(); 2].map(|()| parts.next().unwrap_or_else(|| panic!("{line:?} has no replacement")));
        [word, instead, parts.next().unwrap_or_default()]
    })
}

/// The words that an identifier is made of, in lower case.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut was_lower = false;
    for char in name.chars() {
        if char == '_' || char.is_uppercase() && was_lower {
            parts.push(String::new());
        }
        if char != '_' {
            parts.last_mut().expect("there is one").extend(char.to_lowercase());
        }
        was_lower = char.is_lowercase();
    }
    parts
}

/// A text without what stands in backticks.
fn without_code(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// A text without the word that follows each `@param`.
fn without_parameter_names(text: &str) -> String {
    let mut parts = text.split("@param");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let part = part.trim_start();
        text + " " + part.split_once(' ').map_or("", |(_, rest)| rest)
    })
}

/// A text without the marks of parameters and fields, such as `[in, buffer(len)]`.
fn without_marks(text: &str) -> String {
    let mut parts = text.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let is_mark = ["in", "out", "inout", "optional"].iter().any(|mark| part.starts_with(mark));
        text + " " + part.split_once(']').filter(|_| is_mark).map_or(part, |(_, rest)| rest)
    })
}

/// The paragraphs of a page of Markdown, without blocks of code.
pub fn paragraphs(page: &str) -> Vec<(usize, String)> {
    let mut is_code = false;
    join(page.lines().map(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        (!is_code && !is_fence && !line.trim().is_empty()).then(|| line.to_owned())
    }))
}

/// The comments of a file of code; lines of comment that follow on one another are one paragraph.
pub fn comments(file: &Path, source: &str) -> Vec<(usize, String)> {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("c" | "h" | "cpp") => c_comments(source),
        Some("rs") => join(source.lines().map(|line| after(line, "//", &['/', '!']))),
        _ => join(source.lines().map(|line| after(line, "#", &['!']))),
    }
}

/// What follows the mark of a comment. A mark in a string is taken for one as well, unless a letter precedes it as in
/// `http://`.
fn after(line: &str, mark: &str, more: &[char]) -> Option<String> {
    let text = find_mark(line, mark).map(|at| line[at + mark.len()..].trim_start_matches(more))?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn find_mark(line: &str, mark: &str) -> Option<usize> {
    line.match_indices(mark).map(|(at, _)| at).find(|&at| line[..at].is_empty() || line[..at].ends_with([' ', '\t']))
}

fn c_comments(source: &str) -> Vec<(usize, String)> {
    let mut is_open = false;
    join(source.lines().map(|line| {
        let mut text = String::new();
        let mut rest = line;
        loop {
            if is_open {
                let (inside, behind) = rest.split_once("*/").map_or((rest, None), |(a, b)| (a, Some(b)));
                text.push_str(inside.trim_start().trim_start_matches('*'));
                let Some(behind) = behind else { break };
                (is_open, rest) = (false, behind);
            }
            match (rest.find("/*"), find_mark(rest, "//")) {
                (Some(block), line) if line.is_none_or(|line| block < line) => {
                    (is_open, rest) = (true, &rest[block + 2..]);
                }
                (_, Some(line)) => {
                    text.push_str(&rest[line + 2..]);
                    break;
                }
                _ => break,
            }
        }
        (!text.trim().is_empty()).then_some(text)
    }))
}

/// Joins neighbouring lines to paragraphs, each with the number of its first line.
fn join(lines: impl Iterator<Item = Option<String>>) -> Vec<(usize, String)> {
    let mut paragraphs: Vec<(usize, String)> = Vec::new();
    let mut is_going_on = false;
    for (index, line) in lines.enumerate() {
        match (line, is_going_on) {
            (Some(line), true) => {
                let paragraph = &mut paragraphs.last_mut().expect("one has begun").1;
                paragraph.push(' ');
                paragraph.push_str(&line);
            }
            (Some(line), false) => {
                paragraphs.push((index + 1, line));
                is_going_on = true;
            }
            (None, _) => is_going_on = false,
        }
    }
    paragraphs
}
