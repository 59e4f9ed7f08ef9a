//! Go's regular expressions, as far as they mean the same here.
//!
//! Both engines are linear and of one family, so most expressions are taken as they are. What the two write differently is
//! translated; what only one of them knows is refused.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

/// An expression of Go. Two of them are equal if they are written so.
#[derive(Clone, Debug)]
pub(super) struct GoRegex {
    written: String,
    regex: Regex,
}

impl PartialEq for GoRegex {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

type Translated<T> = Result<T, &'static str>;

const INVALID: &str = "the regular expression is none of Go's";
const LONGEST: usize = 4_096;
/// As large as an expression may become: what comes from a document must not take the memory.
const LARGEST: usize = 1 << 20;
const NAMED_CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];
/// The most that Go repeats something.
const MOST_REPEATS: u32 = 1_000;

impl GoRegex {
    pub(super) fn parse(written: &str) -> Translated<Self> {
        if written.len() > LONGEST {
            return Err("the regular expression is too long");
        }
        let mut translation = Translation { from: written.chars().peekable(), to: String::new() };
        translation.run()?;
        let regex = RegexBuilder::new(&translation.to).size_limit(LARGEST).build().map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the regular expression is too large",
            _ => INVALID,
        })?;
        Ok(Self { written: written.to_owned(), regex })
    }

    /// Whether it is found anywhere in the text.
    pub(super) fn is_found_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.written
    }
}

struct Translation<'a> {
    from: Peekable<Chars<'a>>,
    to: String,
}

impl Translation<'_> {
    fn run(&mut self) -> Translated<()> {
        // Go repeats no repetition: `a**` and `a{2}{3}` are none of its expressions.
        let mut repeated = false;
        while let Some(character) = self.from.next() {
            let repeats = match character {
                '*' | '+' | '?' => true,
                '{' => match self.counts() {
                    Some(counts) => {
                        self.check_repeat(repeated)?;
                        self.to.push_str(&counts?);
                        repeated = true;
                        self.lazy();
                        continue;
                    }
                    // A brace that counts nothing is a brace.
                    None => {
                        self.to.push_str(r"\{");
                        repeated = false;
                        continue;
                    }
                },
                _ => false,
            };
            if repeats {
                self.check_repeat(repeated)?;
                self.to.push(character);
                self.lazy();
            } else {
                self.one(character)?;
            }
            repeated = repeats;
        }
        Ok(())
    }

    fn check_repeat(&self, repeated: bool) -> Translated<()> {
        if repeated { Err("Go repeats no repetition") } else { Ok(()) }
    }

    fn lazy(&mut self) {
        if self.from.next_if_eq(&'?').is_some() {
            self.to.push('?');
        }
    }

    fn one(&mut self, character: char) -> Translated<()> {
        match character {
            '\\' => self.escape(),
            '[' => self.class(),
            '(' => self.group(),
            '}' => {
                self.to.push_str(r"\}");
                Ok(())
            }
            ']' => {
                self.to.push_str(r"\]");
                Ok(())
            }
            other => {
                self.to.push(other);
                Ok(())
            }
        }
    }

    /// What stands in braces, if it counts: `{2}`, `{2,}`, `{2,3}`.
    fn counts(&mut self) -> Option<Translated<String>> {
        let inside: String = self.from.clone().take_while(|next| *next != '}').collect();
        let closed = self.from.clone().nth(inside.chars().count()).is_some();
        let (least, most) = inside.split_once(',').map_or((inside.as_str(), None), |(least, most)| (least, Some(most)));
        let is_number = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_digit())
                && (text == "0" || !text.starts_with('0'))
        };
        if !closed || !is_number(least) || most.is_some_and(|most| !most.is_empty() && !is_number(most)) {
            return None;
        }
        for _ in 0..=inside.chars().count() {
            self.from.next();
        }
        let too_many = |text: &str| text.parse::<u32>().map_or(true, |number| number > MOST_REPEATS);
        if too_many(least) || most.is_some_and(|most| !most.is_empty() && too_many(most)) {
            return Some(Err("Go repeats nothing more than 1000 times"));
        }
        Some(Ok(format!("{{{inside}}}")))
    }

    /// A group: `(`, `(?:`, `(?P<name>`, `(?<name>`, or flags of Go, which are `i`, `m`, `s` and `U`.
    fn group(&mut self) -> Translated<()> {
        self.to.push('(');
        if self.from.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        self.to.push('?');
        while let Some(next) = self.from.next() {
            self.to.push(next);
            match next {
                ':' | ')' => return Ok(()),
                '<' => {
                    for next in self.from.by_ref() {
                        if !(next.is_ascii_alphanumeric() || next == '_' || next == '>') {
                            return Err(INVALID);
                        }
                        self.to.push(next);
                        if next == '>' {
                            return Ok(());
                        }
                    }
                }
                'i' | 'm' | 's' | 'U' | '-' | 'P' => {}
                _ => return Err("the regular expression has a flag or a group that Go does not know"),
            }
        }
        Err(INVALID)
    }

    /// An escape outside of a class.
    fn escape(&mut self) -> Translated<()> {
        let escaped = self.from.next().ok_or(INVALID)?;
        match escaped {
            'Q' => {
                self.quoted();
                Ok(())
            }
            // The text ends where it ends; Go knows no `\Z`, and nothing of Rust's words.
            'A' | 'z' => self.push_escaped(escaped),
            'b' | 'B' => {
                self.to.push_str(if escaped == 'b' { r"(?-u:\b)" } else { r"(?-u:\B)" });
                Ok(())
            }
            other => self.character(other),
        }
    }

    fn push_escaped(&mut self, escaped: char) -> Translated<()> {
        self.to.push('\\');
        self.to.push(escaped);
        Ok(())
    }

    /// Everything up to `\E`, as it stands.
    fn quoted(&mut self) {
        let mut text = String::new();
        while let Some(next) = self.from.next() {
            if next == '\\' && self.from.next_if_eq(&'E').is_some() {
                break;
            }
            text.push(next);
        }
        self.to.push_str(&regex::escape(&text));
    }

    /// An escape that stands for characters. Go's classes are of ASCII.
    fn character(&mut self, escaped: char) -> Translated<()> {
        match escaped {
            'd' => self.to.push_str("[0-9]"),
            'D' => self.to.push_str("[^0-9]"),
            'w' => self.to.push_str("[0-9A-Za-z_]"),
            'W' => self.to.push_str("[^0-9A-Za-z_]"),
            's' => self.to.push_str(r"[\t\n\x0C\r ]"),
            'S' => self.to.push_str(r"[^\t\n\x0C\r ]"),
            'a' | 'f' | 'n' | 'r' | 't' | 'v' | 'p' | 'P' => return self.push_escaped(escaped),
            'x' => return self.hexadecimal(),
            punctuation if punctuation.is_ascii_punctuation() => {
                self.to.push_str(&regex::escape(punctuation.encode_utf8(&mut [0; 4])));
                // What a class means something else by is escaped in any case.
                if matches!(punctuation, '-' | '&' | '~') && !self.to.ends_with(&format!("\\{punctuation}")) {
                    self.to.pop();
                    return self.push_escaped(punctuation);
                }
            }
            _ => return Err("the regular expression has an escape that is not known here"),
        }
        Ok(())
    }

    fn hexadecimal(&mut self) -> Translated<()> {
        let digits: String = if self.from.next_if_eq(&'{').is_some() {
            self.from.by_ref().take_while(|next| *next != '}').collect()
        } else {
            self.from.by_ref().take(2).collect()
        };
        if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(INVALID);
        }
        self.to.push_str(&format!(r"\x{{{digits}}}"));
        Ok(())
    }

    /// A class. In Go a bracket in it is a bracket, and `&&`, `--` and `~~` are characters.
    fn class(&mut self) -> Translated<()> {
        self.to.push('[');
        if self.from.next_if_eq(&'^').is_some() {
            self.to.push('^');
        }
        let mut first = true;
        while let Some(next) = self.from.next() {
            match next {
                ']' if !first => {
                    self.to.push(']');
                    return Ok(());
                }
                '[' if self.from.peek() == Some(&':') => self.named_class()?,
                '\\' => {
                    let escaped = self.from.next().ok_or(INVALID)?;
                    self.character(escaped)?;
                }
                ']' | '[' | '&' | '~' | '^' => self.push_escaped(next)?,
                '-' if first || self.from.peek() == Some(&']') => self.push_escaped('-')?,
                '-' if self.to.ends_with('-') => return Err(INVALID),
                other => self.to.push(other),
            }
            first = false;
        }
        Err(INVALID)
    }

    /// `[:alpha:]`, or a bracket where it is none.
    fn named_class(&mut self) -> Translated<()> {
        let rest: String = self.from.clone().take(12).collect();
        let Some((name, _)) = rest.strip_prefix(':').and_then(|rest| rest.split_once(":]")) else {
            return self.push_escaped('[');
        };
        if !NAMED_CLASSES.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(INVALID);
        }
        for _ in 0..name.len() + 3 {
            self.from.next();
        }
        self.to.push_str(&format!("[:{name}:]"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> Option<bool> {
        GoRegex::parse(pattern).ok().map(|regex| regex.is_found_in(text))
    }

    #[test]
    fn an_expression_is_found_anywhere() {
        let table = [
            ("0.0.*", "0.0.1", true),
            ("0.0.*", "10x0-rc", true),
            ("^v", "v1", true),
            ("^v", "dev1", false),
            ("v", "dev1", true),
            ("1$", "v1", true),
            ("", "anything", true),
            (".*", "", true),
            (r"\d+", "v12", true),
            (r"^\d+$", "12", true),
            (r"^\w+$", "a_1", true),
            (r"^\S+$", "a b", false),
            ("(?i)PROD", "prod", true),
            ("(?i:PROD)-1", "prod-1", true),
            ("a{2}", "aa", true),
            ("a{2,}", "a", false),
            ("^a{2,3}$", "aaaa", false),
            ("a{", "a{", true),
            ("a{,3}", "a{,3}", true),
            ("a{,3}", "aa", false),
            ("a{x}", "a{x}", true),
            (r"\Qa.b\E", "a.b", true),
            (r"\Qa.b\E", "axb", false),
            (r"\Qa.b", "a.b", true),
            ("[a&&b]", "&", true),
            ("[[a]", "[", true),
            ("[]a]", "]", true),
            ("[^]a]", "]", false),
            ("[a-]", "-", true),
            ("[-a]", "-", true),
            (r"^[\w.-]+$", "v1.2-rc", true),
            (r"^[\d.]+$", "1.2", true),
            ("[[:digit:]]", "v1", true),
            ("[[:^digit:]]", "1", false),
            ("a]", "a]", true),
            ("a}", "a}", true),
            (r"a\.b", "a.b", true),
            (r"\x61", "a", true),
            (r"\x{61}", "a", true),
            (r"\bv1\b", "x-v1-y", true),
            ("(?P<name>a)", "a", true),
            ("(?<name>a)", "a", true),
            ("a*?b", "ab", true),
            ("a|b", "b", true),
            ("(?s).", "\n", true),
            ("(?U)a+", "aa", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(found(pattern, text), Some(expected), "{pattern} {text}");
        }
    }

    #[test]
    fn what_go_does_not_know_is_refused() {
        let table = [
            "[",
            "(",
            ")",
            "*",
            "a**",
            "a+*",
            "a*??",
            "a{2}{3}",
            "a{1001}",
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?x)a",
            "(?u)a",
            "(?R)a",
            r"\1",
            r"\Z",
            r"\h",
            r"\K",
            r"\b{start}x{",
            "[a--b]",
            "[b-a]",
            r"\",
            r"\x",
            "(?P<a-b>x)",
            r"\<",
            "[[:nope:]]",
            "(?",
        ];
        for pattern in table {
            let expected = if pattern == r"\<" || pattern.starts_with(r"\b{") { Some(false) } else { None };
            assert_eq!(found(pattern, "text"), expected, "{pattern}");
        }
        let large = "(a{1000}){1000}";
        assert_eq!(found(large, "a"), None);
    }
}
