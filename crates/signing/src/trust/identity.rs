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
#[derive(Clone, Debug)]
#[must_use]
pub struct Identity {
    subject: Matcher,
    issuer: Matcher,
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
        Ok(Self { subject: Matcher::exact(identity.into())?, issuer: Matcher::exact(issuer.into())? })
    }

    /// Whoever this pattern matches in whole, from exactly this issuer.
    ///
    /// The pattern is a regular expression of the `regex` crate, which takes time linear in the text. It is anchored at both
    /// ends, so `https://github.com/acme/.*` does not match `https://evil.example/https://github.com/acme/`.
    ///
    /// # Errors
    /// Where the pattern is none, or the issuer is empty.
    pub fn matching(pattern: &str, issuer: impl Into<String>) -> Result<Self, PolicyError> {
        Ok(Self { subject: Matcher::pattern(pattern)?, issuer: Matcher::exact(issuer.into())? })
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
        self.subject.matches(subject.as_str()) && self.issuer.matches(issuer)
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
