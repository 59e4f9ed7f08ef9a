//! Exceptions: findings that somebody answers for, for some time.

mod document;
mod glob;
mod grype;
mod trivyignore;

use jiff::Timestamp;

use super::{Finding, Kind, Purl};

pub use self::document::ExceptionsDocument;
pub use self::glob::{Glob, GlobError};
pub use self::grype::GrypeIgnore;
pub use self::trivyignore::TrivyIgnore;

/// Exceptions from any number of documents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exceptions {
    pub(super) all: Vec<Exception>,
}

/// A finding that somebody answers for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Exception {
    /// The id, or an alias, of what is excepted.
    pub id: String,
    /// Of this class only.
    pub kind: Option<Kind>,
    /// In this package only.
    pub purl: Option<Purl>,
    /// In a package of this name only.
    pub package: Option<String>,
    /// In this version of it only.
    pub version: Option<String>,
    /// At one of these places only, unless there are none.
    pub paths: Vec<Glob>,
    /// In these images only.
    pub image: Option<Glob>,
    /// On the way to this environment only.
    pub environment: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Its last moment.
    pub expires: Option<Timestamp>,
    /// The document that it is in.
    pub source: String,
}

impl Exceptions {
    /// None.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.all.extend(other.all);
        self
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Exception> {
        self.all.iter()
    }
}

/// What an exception may be limited to, beside the finding itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scope<'a> {
    pub(super) image: Option<&'a str>,
    pub(super) environment: Option<&'a str>,
}

impl Exception {
    /// An exception of `source` for `id`, wherever it is found.
    #[must_use]
    pub fn new(id: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            kind: None,
            purl: None,
            package: None,
            version: None,
            paths: Vec::new(),
            image: None,
            environment: None,
            reason: None,
            owner: None,
            expires: None,
            source: source.into(),
        }
    }

    /// Whether it means this finding. Whether it is heard is another matter.
    pub(super) fn means(&self, finding: &Finding, scope: Scope<'_>) -> bool {
        let package = &finding.package;
        finding.is_meant_by(std::iter::once(self.id.as_str()))
            && self.kind.is_none_or(|kind| kind == finding.kind)
            && self.package.as_ref().is_none_or(|name| *name == package.name)
            && self.version.as_ref().is_none_or(|version| *version == package.version)
            && self.purl.as_ref().is_none_or(|purl| package.purl.as_ref().is_some_and(|own| own.is_meant_by(purl)))
            && (self.paths.is_empty()
                || package.path.as_ref().is_some_and(|path| self.paths.iter().any(|glob| glob.matches(path))))
            && self.image.as_ref().is_none_or(|glob| scope.image.is_some_and(|image| glob.matches(image)))
            && self.environment.as_ref().is_none_or(|environment| scope.environment == Some(environment))
    }

    /// How it is called in reasons.
    pub(super) fn label(&self) -> String {
        format!("{} in {}", super::excerpt(&self.id), self.source)
    }
}
