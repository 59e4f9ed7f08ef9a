//! `Identity`: whom a certificate has to name, and who has to have vouched for it.

use std::fmt;

use regex::Regex;

use crate::policy::PolicyError;

/// Who a certificate is for: the kind of its subject alternative name matters as much as its text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum San {
    /// A person, or a service account.
    Email(String),
    /// A workflow, or a workload.
    Uri(String),
    /// What else Fulcio can name.
    Other(String),
}

/// An identity that a policy takes signatures of. The issuer is never left out: the same name means nothing from another.
///
/// A rule is about one kind of name, and its text tells which: what has `://` in it is about URIs, anything else with an `@`
/// about e-mail addresses. So nobody who may choose the local part of an address, or the ref of a workflow, becomes the
/// other. A rule with neither is about every kind. Upper and lower case differ, unless a pattern says `(?i)`.
#[derive(Clone, Debug)]
#[must_use]
pub struct Identity {
    subject: Matcher,
    issuer: Matcher,
    kind: Option<Kind>,
}

/// The kinds of name that can be told apart by their text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Email,
    Uri,
}

#[derive(Clone, Debug)]
enum Matcher {
    Exact(String),
    Pattern(Regex),
}

impl Identity {
    /// Exactly this identity, from exactly this issuer.
    ///
    /// # Errors
    /// Where one of them is empty.
    pub fn exact(identity: impl Into<String>, issuer: impl Into<String>) -> Result<Self, PolicyError> {
        let identity = identity.into();
        let kind = Kind::of(&identity);
        Ok(Self { subject: Matcher::exact(identity)?, issuer: Matcher::exact(issuer.into())?, kind })
    }

    /// Whoever this pattern matches in whole, from exactly this issuer.
    ///
    /// The pattern is a regular expression of the `regex` crate, which takes time linear in the text. It is anchored at both
    /// ends, so `https://github.com/acme/.*` does not match `https://evil.example/https://github.com/acme/`.
    ///
    /// # Errors
    /// Where the pattern is none, matches the empty text, or the issuer is empty.
    pub fn matching(pattern: &str, issuer: impl Into<String>) -> Result<Self, PolicyError> {
        // As it reads once nothing is escaped: `https:\/\/` and `\@` are what they stand for.
        let kind = Kind::of(&pattern.replace('\\', ""));
        Ok(Self { subject: Matcher::pattern(pattern)?, issuer: Matcher::exact(issuer.into())?, kind })
    }

    /// The same with any issuer that this pattern matches in whole.
    ///
    /// # Errors
    /// Where the pattern is none.
    pub fn issuer_matching(mut self, pattern: &str) -> Result<Self, PolicyError> {
        self.issuer = Matcher::pattern(pattern)?;
        Ok(self)
    }

    /// Whether a certificate for `subject` from `issuer` is meant.
    #[must_use]
    pub fn matches(&self, subject: &San, issuer: &str) -> bool {
        let kind = self.kind.is_none_or(|kind| kind.is_of(subject));
        kind && self.subject.matches(subject.as_str()) && self.issuer.matches(issuer)
    }
}

#[cfg(feature = "gate")]
impl Identity {
    /// Whether it is one name and no pattern.
    pub(crate) fn is_one(&self) -> bool {
        matches!(self.subject, Matcher::Exact(_))
    }

    /// Whether this name is meant, whoever vouched for it.
    pub(crate) fn names(&self, subject: &San) -> bool {
        self.kind.is_none_or(|kind| kind.is_of(subject)) && self.subject.matches(subject.as_str())
    }

    /// Whether a certificate of whatever kind may have this text as its subject.
    pub(crate) fn reads(&self, subject: &str) -> bool {
        self.subject.matches(subject)
    }

    /// Whether both are the same one name from the same one issuer.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let same = |one: &Matcher, other: &Matcher| match (one, other) {
            (Matcher::Exact(one), Matcher::Exact(other)) => one == other,
            _ => false,
        };
        same(&self.subject, &other.subject) && same(&self.issuer, &other.issuer)
    }
}

impl Kind {
    fn of(rule: &str) -> Option<Self> {
        let email = || rule.contains('@').then_some(Self::Email);
        if rule.contains("://") { Some(Self::Uri) } else { email() }
    }

    fn is_of(self, subject: &San) -> bool {
        match self {
            Self::Email => matches!(subject, San::Email(_)),
            Self::Uri => matches!(subject, San::Uri(_)),
        }
    }
}

impl San {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(text) | Self::Uri(text) | Self::Other(text) => text,
        }
    }
}

impl Matcher {
    fn exact(text: String) -> Result<Self, PolicyError> {
        if text.is_empty() {
            return Err(PolicyError::Identity { pattern: text, why: "it is empty".to_owned() });
        }
        Ok(Self::Exact(text))
    }

    fn pattern(pattern: &str) -> Result<Self, PolicyError> {
        let invalid = |why: String| PolicyError::Identity { pattern: pattern.to_owned(), why };
        // The pattern by itself, so that no parenthesis in it can close the anchored group.
        Regex::new(pattern).map_err(|error| invalid(error.to_string()))?;
        let whole = Regex::new(&format!(r"\A(?:{pattern})\z")).map_err(|error| invalid(error.to_string()))?;
        match pattern.is_empty() || whole.is_match("") {
            true => Err(invalid("it matches nothing at all".to_owned())),
            false => Ok(Self::Pattern(whole)),
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Pattern(pattern) => pattern.is_match(text),
        }
    }
}

impl fmt::Display for San {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
