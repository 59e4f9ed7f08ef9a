//! The globs of Harbor and zot: two versions of one Go library, which differ.
//!
//! A glob becomes a regular expression of a linear engine. `*` and `?` stop at a slash, `**` that is a whole part of a path
//! does not, `[a-z]` is a class, `{a,b}` are alternatives, and a backslash takes the meaning from what follows.

use std::fmt::Write as _;

use regex::Regex;

/// Whose globs these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// doublestar 1: `a/**` is not `a`, and only `^` turns a class around.
    #[cfg(feature = "import-harbor")]
    Harbor,
    /// doublestar 4: `a/**` is `a` too, and `!` turns a class around as well.
    #[cfg(feature = "import-zot")]
    Zot,
}

/// A glob. Two of them are equal if they are written so.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    written: String,
    regex: Regex,
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

/// The most ways in which the alternatives of one glob may go together.
const MOST_WAYS: usize = 256;
/// The most characters of a glob.
const LONGEST: usize = 1_024;
const TOO_MANY: &str = "the pattern has too many alternatives";

/// A piece of a glob.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    /// This character, which means nothing else.
    Literal(char),
    /// One character, but no slash.
    One,
    /// Any number of characters, but no slash.
    Star,
    /// One of these, or none of these.
    Class { negated: bool, ranges: Vec<(char, char)> },
    /// Here begins an alternative. It parts stars: `{**}` is no part of a path in doublestar 1.
    Begin,
}

type Way = Vec<Piece>;
type Pieced<T> = Result<T, &'static str>;

impl Glob {
    /// Reads a glob. It is all of what it matches.
    pub(super) fn parse(written: &str, dialect: Dialect) -> Pieced<Self> {
        let characters: Vec<_> = written.chars().collect();
        if characters.len() > LONGEST {
            return Err("the pattern is too long");
        }
        let mut reader = Reader { rest: characters.into_iter().peekable(), dialect };
        let ways = reader.alternatives(false)?;
        let mut regex = String::from(r"\A(?s:");
        for (place, way) in ways.iter().enumerate() {
            if place > 0 {
                regex.push('|');
            }
            translate(way, dialect, &mut regex);
        }
        regex.push_str(r")\z");
        let regex = Regex::new(&regex).map_err(|_| "the pattern is too large")?;
        Ok(Self { written: written.to_owned(), regex })
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.written
    }
}

struct Reader {
    rest: std::iter::Peekable<std::vec::IntoIter<char>>,
    dialect: Dialect,
}

impl Reader {
    /// Every way to read what comes, up to the end, or up to the brace that closes.
    fn alternatives(&mut self, braced: bool) -> Pieced<Vec<Way>> {
        let start: Way = if braced { vec![Piece::Begin] } else { Vec::new() };
        let mut all: Vec<Way> = Vec::new();
        let mut ways = vec![start.clone()];
        while let Some(character) = self.rest.next() {
            let piece = match character {
                '}' if braced => {
                    all.append(&mut ways);
                    return Ok(all);
                }
                ',' if braced => {
                    all.append(&mut ways);
                    ways.push(start.clone());
                    continue;
                }
                '{' => {
                    let inner = self.alternatives(true)?;
                    if ways.len().saturating_mul(inner.len()) + all.len() > MOST_WAYS {
                        return Err(TOO_MANY);
                    }
                    let with = |way: &Way| inner.iter().map(|next| [way.as_slice(), next].concat()).collect::<Vec<_>>();
                    ways = ways.iter().flat_map(with).collect();
                    continue;
                }
                '*' => Piece::Star,
                '?' => Piece::One,
                '[' => self.class()?,
                '\\' => Piece::Literal(self.rest.next().ok_or("the pattern ends in a backslash")?),
                other => Piece::Literal(other),
            };
            ways.iter_mut().for_each(|way| way.push(piece.clone()));
        }
        if braced { Err("the pattern has a brace that nothing closes") } else { Ok(ways) }
    }

    fn class(&mut self) -> Pieced<Piece> {
        const OPEN: &str = "the pattern has a bracket that nothing closes";
        const WRONG: &str = "the pattern has a class that is none";
        let strict = !self.dialect.lets_dashes_stand();
        let negated = self.rest.next_if(|next| *next == '^' || *next == '!' && !strict).is_some();
        let mut ranges = Vec::new();
        loop {
            let low = match self.rest.next().ok_or(OPEN)? {
                // doublestar 1 reads `[^]` as anything.
                ']' if !ranges.is_empty() || negated && strict => return Ok(Piece::Class { negated, ranges }),
                ']' => return Err(WRONG),
                '-' if strict => return Err(WRONG),
                '\\' => self.rest.next().ok_or(OPEN)?,
                other => other,
            };
            if self.rest.next_if_eq(&'-').is_none() {
                ranges.push((low, low));
                continue;
            }
            match self.rest.peek().copied().ok_or(OPEN)? {
                ']' | '-' if strict => return Err(WRONG),
                ']' => ranges.extend([(low, low), ('-', '-')]),
                _ => {
                    let high = match self.rest.next().ok_or(OPEN)? {
                        '\\' => self.rest.next().ok_or(OPEN)?,
                        other => other,
                    };
                    ranges.push((low, high));
                }
            }
        }
    }
}

impl Dialect {
    /// Whether a dash that makes no range is a character of a class, and a class may be turned around by `!`.
    fn lets_dashes_stand(self) -> bool {
        match self {
            #[cfg(feature = "import-harbor")]
            Self::Harbor => false,
            #[cfg(feature = "import-zot")]
            Self::Zot => true,
        }
    }

    /// Whether `/**` at the end matches nothing too.
    fn ends_early(self) -> bool {
        self.lets_dashes_stand()
    }

    /// Whether `**` at the beginning of an alternative crosses slashes.
    fn crosses_in_braces(self) -> bool {
        self.lets_dashes_stand()
    }
}

const SLASH: Piece = Piece::Literal('/');

fn translate(way: &[Piece], dialect: Dialect, to: &mut String) {
    let mut rest = way;
    let mut starts_part = true;
    loop {
        rest = match rest {
            [] => return,
            [Piece::Begin, after @ ..] => {
                starts_part = dialect.crosses_in_braces();
                after
            }
            [Piece::Literal('/'), Piece::Star, Piece::Star] if dialect.ends_early() => {
                to.push_str("(?:/.*)?");
                return;
            }
            [Piece::Star, Piece::Star] if starts_part => {
                to.push_str(".*");
                return;
            }
            [Piece::Star, Piece::Star, slash, after @ ..] if starts_part && *slash == SLASH => {
                to.push_str("(?:[^/]*/)*");
                after
            }
            [piece, after @ ..] => {
                starts_part = *piece == SLASH;
                one(piece, to);
                after
            }
        };
    }
}

fn one(piece: &Piece, to: &mut String) {
    match piece {
        Piece::Literal(character) => to.push_str(&regex::escape(character.encode_utf8(&mut [0; 4]))),
        Piece::One => to.push_str("[^/]"),
        Piece::Star => to.push_str("[^/]*"),
        Piece::Class { negated, ranges } => class(*negated, ranges, to),
        Piece::Begin => {}
    }
}

/// A class never has a slash in it. A range that runs backwards has nothing in it.
fn class(negated: bool, ranges: &[(char, char)], to: &mut String) {
    let ranges: Vec<_> = ranges.iter().filter(|(low, high)| low <= high).collect();
    match (negated, ranges.is_empty()) {
        (true, true) => to.push_str("[^/]"),
        (false, true) => to.push_str(r"[^\s\S]"),
        (negated, false) => {
            to.push_str(if negated { "[^/" } else { "[[" });
            for (low, high) in ranges {
                // Writing into a text does not fail.
                let _ = write!(to, r"\x{{{:x}}}-\x{{{:x}}}", u32::from(*low), u32::from(*high));
            }
            to.push_str(if negated { "]" } else { "]&&[^/]]" });
        }
    }
}

#[cfg(all(test, feature = "import-harbor", feature = "import-zot"))]
mod tests {
    use super::*;

    fn says(dialect: Dialect, pattern: &str, text: &str) -> Option<bool> {
        Glob::parse(pattern, dialect).ok().map(|glob| glob.matches(text))
    }

    #[test]
    fn both_dialects_match_alike() {
        let table = [
            ("**", "a/b/c", true),
            ("**", "v1", true),
            ("*", "abc", true),
            ("*", "a/b", false),
            ("a*", "abc", true),
            ("2*", "2.1-rc", true),
            ("*-prod", "2.1-prod", true),
            ("*-prod", "2.1-prod-1", false),
            ("a?b", "a☺b", true),
            ("a?b", "a/b", false),
            ("ab[b-d]", "abc", true),
            ("ab[^b-d]", "abc", false),
            ("a/**", "a/b/c", true),
            ("**/c", "c", true),
            ("**/c", "a/b/c", true),
            ("**/c", "a/abc", false),
            ("a/**/b", "a/b", true),
            ("a/**/d", "a/b/c/d", true),
            ("abc**", "abc/b", false),
            ("ab{c,d}", "abd", true),
            ("a{,bc}", "a", true),
            ("{a/{b,c},abc}", "a/c", true),
            ("{a/{b,c},abc}", "a/b/c", false),
            ("{v*,latest}", "latest", true),
            ("{**-rc,dev-*}", "1-rc", true),
            (r"a\*b", "a*b", true),
            (r"a\*b", "ab", false),
            ("a.b", "axb", false),
            ("a}", "a}", true),
            ("a,b", "a,b", true),
            ("[z-a]", "b", false),
        ];
        for (pattern, text, expected) in table {
            for dialect in [Dialect::Harbor, Dialect::Zot] {
                assert_eq!(says(dialect, pattern, text), Some(expected), "{dialect:?} {pattern} {text}");
            }
        }
    }

    #[test]
    fn the_dialects_differ_where_their_library_changed() {
        let table = [
            ("a/**", "a", Some(false), Some(true)),
            ("a[!a]b", "acb", Some(false), Some(true)),
            ("a[!a]b", "a!b", Some(true), Some(true)),
            ("[a-]", "-", None, Some(true)),
            ("[-x]", "-", None, Some(true)),
            ("[^]", "a", Some(true), None),
            ("{**,x}", "a/b", Some(false), Some(true)),
        ];
        for (pattern, text, harbor, zot) in table {
            assert_eq!(says(Dialect::Harbor, pattern, text), harbor, "Harbor {pattern} {text}");
            assert_eq!(says(Dialect::Zot, pattern, text), zot, "zot {pattern} {text}");
        }
    }

    #[test]
    fn what_is_no_glob_is_refused() {
        for pattern in ["[", "[]", "[]a]", "a[", "[^bc", "{a", "a{b{c}", r"\", "[a-"] {
            for dialect in [Dialect::Harbor, Dialect::Zot] {
                assert_eq!(says(dialect, pattern, "a"), None, "{dialect:?} {pattern}");
            }
        }
        assert_eq!(says(Dialect::Harbor, &"{a,b}".repeat(9), "a"), None);
        assert_eq!(says(Dialect::Harbor, &"*a".repeat(600), "a"), None);
    }
}
