//! Why a text is not the name it was taken for, and what to write instead.

use std::{borrow::Cow, fmt};

use super::algorithm::Algorithm;
use crate::excerpt::quoted;

/// A text that is not the name it was taken for.
///
/// The message is one line that repeats the input, shortened and escaped, and says what is wrong
/// with which part of it. What to do about it is kept apart, in [`remedy`](Self::remedy), so that
/// a program can put it on a line of its own:
///
/// ```
/// use lockage_tagging::Reference;
///
/// let error = "https://ghcr.io/acme/app".parse::<Reference>().unwrap_err();
/// assert_eq!(error.to_string(), r#"reference "https://ghcr.io/acme/app": it starts with a scheme, "https://""#);
/// assert_eq!(error.remedy(), Some("leave the scheme out: ghcr.io/acme/app"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{name} {input}: {problem}", Prefix(.whole))]
pub struct NameError {
    name: NameKind,
    input: String,
    whole: Option<(NameKind, String)>,
    problem: NameProblem,
    remedy: Option<Cow<'static, str>>,
}

impl NameError {
    /// Which name was at fault: for a reference with a broken tag, the tag.
    pub fn name(&self) -> NameKind {
        self.name
    }

    /// What is wrong with it.
    pub fn problem(&self) -> &NameProblem {
        &self.problem
    }

    /// What to do about it, as a short imperative for people, where there is something to say.
    pub fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }

    pub(super) fn new(name: NameKind, input: &str, problem: NameProblem) -> Self {
        Self { name, input: quoted(input), whole: None, remedy: problem.remedy(name).map(Cow::Borrowed), problem }
    }

    /// Replaces the general remedy by one that names this input's correct form.
    pub(super) fn with_remedy(self, remedy: String) -> Self {
        Self { remedy: Some(Cow::Owned(remedy)), ..self }
    }

    /// Adds the longer text that `self` was found in.
    pub(super) fn within(self, name: NameKind, whole: &str) -> Self {
        let whole = quoted(whole);
        if whole == self.input {
            return self;
        }
        Self { whole: Some((name, whole)), ..self }
    }
}

/// The kinds of name that this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameKind {
    /// An [`Algorithm`].
    Algorithm,
    /// A [`Digest`](crate::Digest).
    Digest,
    /// A [`Tag`](crate::Tag).
    Tag,
    /// A [`DigestTag`](crate::DigestTag).
    DigestTag,
    /// A [`Host`](crate::Host).
    Host,
    /// A [`Repository`](crate::Repository).
    Repository,
    /// A [`Reference`](crate::Reference).
    Reference,
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Algorithm => "digest algorithm",
            Self::Digest => "digest",
            Self::Tag => "tag",
            Self::DigestTag => "digest tag",
            Self::Host => "host",
            Self::Repository => "repository",
            Self::Reference => "reference",
        })
    }
}

/// What is wrong with a name.
///
/// Positions count bytes from 0, in the part that [`NameError::name`] names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// There is no text at all.
    #[error("it is empty")]
    Empty,

    /// A separator that announces a path, a tag, a digest or a port, with nothing behind it.
    #[error("nothing follows the {separator:?}")]
    Dangling {
        /// `/`, `:` or `@`.
        separator: char,
    },

    /// A character that the grammar has no place for.
    #[error("{character:?} at byte {position} is not allowed")]
    Character {
        /// The first such character.
        character: char,
        /// Where it stands.
        position: usize,
    },

    /// A character that is allowed, but not as the first.
    #[error("it cannot start with {character:?}")]
    Start {
        /// The first character.
        character: char,
    },

    /// More text than registries take.
    #[error("it is {length} bytes long, the limit is {limit}")]
    TooLong {
        /// Bytes in the input.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },

    /// A `/`-component of a path or a `.`-component of a host that is empty, or that has
    /// separators at its ends or in a row.
    #[error("the component {component} is malformed")]
    Component {
        /// The component, quoted and shortened.
        component: String,
    },

    /// Upper-case letters in the path of a repository.
    #[error("repository names are lower case")]
    UpperCase,

    /// A name of 64 hexadecimal digits, which container engines take for an image's identifier.
    #[error("64 hexadecimal digits read as an image's identifier, not as a name")]
    Identifier,

    /// A host without a dot or a port, which readers would take for a path on `docker.io`.
    #[error("the host {host} has neither a dot nor a port, it would be read as part of a path on docker.io")]
    AmbiguousHost {
        /// The host, quoted and shortened.
        host: String,
    },

    /// A port that is not a number from 1 to 65535.
    #[error("the port {port} is not a number from 1 to 65535")]
    Port {
        /// What stands in the place of the port, quoted and shortened.
        port: String,
    },

    /// Brackets that do not hold an IPv6 address.
    #[error("{address} is not an IPv6 address in brackets")]
    Address {
        /// What was found, quoted and shortened.
        address: String,
    },

    /// A URL where a reference was expected.
    #[error("it starts with a scheme, {scheme}")]
    Scheme {
        /// The scheme with its `://`, quoted and shortened.
        scheme: String,
    },

    /// No `:` between an algorithm and the hexadecimal digits.
    #[error("it is not of the form algorithm:hex")]
    NoAlgorithm,

    /// A well-formed digest of an algorithm that this crate does not know.
    #[error("the algorithm {algorithm} is not supported")]
    Unsupported {
        /// The algorithm, quoted and shortened.
        algorithm: String,
    },

    /// A digest that is too short or too long for its algorithm.
    #[error("{algorithm} takes {} hexadecimal digits, found {found} characters", .algorithm.hex_len())]
    HexLength {
        /// The algorithm the digest names.
        algorithm: Algorithm,
        /// How many characters were found.
        found: usize,
    },

    /// A tag that does not follow the digest-tag grammar.
    #[error("it is an ordinary tag")]
    OrdinaryTag,
}

impl NameProblem {
    /// Fails at the first character of `text` that is not `legal`.
    pub(super) fn check_characters(text: &str, legal: impl Fn(char) -> bool) -> Result<(), Self> {
        match text.char_indices().find(|(_, character)| !legal(*character)) {
            Some((position, character)) => Err(Self::Character { character, position }),
            None => Ok(()),
        }
    }

    /// The problem, found in a text that starts `bytes` after the start of the name.
    pub(super) fn shifted(self, bytes: usize) -> Self {
        match self {
            Self::Character { character, position } => Self::Character { character, position: position + bytes },
            other => other,
        }
    }

    fn remedy(&self, name: NameKind) -> Option<&'static str> {
        Some(match (self, name) {
            (Self::Dangling { separator: '/' }, _) => "write a path after the host",
            (Self::Dangling { separator: '@' }, _) => "write a digest after the '@' or leave it out",
            (Self::Dangling { .. }, NameKind::Digest) => "write the hexadecimal digits after the ':'",
            (Self::Dangling { .. }, NameKind::Host) => "write a port after the ':' or leave it out",
            (Self::Dangling { .. }, _) => "write a tag after the ':' or leave it out",
            (Self::Character { character, .. }, _) if character.is_whitespace() => "remove the white space",
            (Self::Character { .. }, NameKind::Digest) => "use the digits 0 to 9 and the lower-case letters a to f",
            (Self::Character { .. } | Self::Start { .. }, NameKind::Tag) => {
                "use letters, digits, '_', '.' and '-', and start with a letter, a digit or '_'"
            }
            (Self::Component { .. }, NameKind::Host) => "use letters, digits and inner '-', joined by single dots",
            (Self::Component { .. } | Self::Character { .. }, NameKind::Repository) => {
                "use components of lower-case letters and digits, joined inside by '.', '_', '__' or '-'"
            }
            (Self::UpperCase, _) => "write it in lower case",
            (Self::Identifier, _) => "write library/<name> for a repository, name@sha256:<hex> for a digest",
            (Self::AmbiguousHost { .. }, _) => "write the host's full name or its port",
            (Self::Scheme { .. }, _) => "leave the scheme out",
            (Self::NoAlgorithm, _) => "write sha256: before the hexadecimal digits",
            (Self::Unsupported { .. }, _) => "use sha256 or sha512",
            (Self::HexLength { .. }, _) => "copy the whole digest",
            _ => return None,
        })
    }
}

/// The longer text around the part at fault, for the start of a message.
struct Prefix<'a>(&'a Option<(NameKind, String)>);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((name, whole)) => write!(f, "{name} {whole}: "),
            None => Ok(()),
        }
    }
}
