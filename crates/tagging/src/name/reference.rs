//! The reference: everything it takes to point at an image.

use std::{fmt, str::FromStr};

use super::{
    digest::Digest,
    error::{NameError, NameKind, NameProblem},
    repository::Repository,
    tag::Tag,
};
use crate::excerpt::quoted;

/// A repository, with a tag, a digest, both or neither: `ghcr.io/acme/app:1.2@sha256:…`.
///
/// A reference says what was written and no more: `alpine` has no tag here, and no `latest` is
/// put in its place. Where there is a digest it alone decides what is pulled; the tag beside it
/// is a note to the reader.
///
/// ```
/// use lockage_tagging::{Reference, Tag};
///
/// let reference: Reference = "localhost:5000/app:1.2".parse()?;
/// assert_eq!(reference.repository().host().port(), Some(5000));
/// assert_eq!(reference.tag().map(Tag::as_str), Some("1.2"));
/// assert_eq!(reference.without_tag().with_tag(Tag::latest()).to_string(), "localhost:5000/app:latest");
/// # Ok::<(), lockage_tagging::NameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    repository: Repository,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

impl Reference {
    /// Points at `repository`, with neither tag nor digest.
    pub fn new(repository: Repository) -> Self {
        Self { repository, tag: None, digest: None }
    }

    /// Sets the tag, in place of any other.
    #[must_use]
    pub fn with_tag(self, tag: Tag) -> Self {
        Self { tag: Some(tag), ..self }
    }

    /// Sets the digest, in place of any other. A tag stays.
    #[must_use]
    pub fn with_digest(self, digest: Digest) -> Self {
        Self { digest: Some(digest), ..self }
    }

    /// Leaves out the tag.
    #[must_use]
    pub fn without_tag(self) -> Self {
        Self { tag: None, ..self }
    }

    /// Leaves out the digest.
    #[must_use]
    pub fn without_digest(self) -> Self {
        Self { digest: None, ..self }
    }

    /// Where the image lives.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag, where one was written.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest, where one was written.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The shortest text that parses to this reference, the one people write: `alpine:3.20`.
    pub fn familiar(&self) -> String {
        format!("{}{}", self.repository.familiar(), Suffix(self))
    }
}

impl From<Repository> for Reference {
    fn from(repository: Repository) -> Self {
        Self::new(repository)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.repository, Suffix(self))
    }
}

impl FromStr for Reference {
    type Err = NameError;

    fn from_str(input: &str) -> Result<Self, NameError> {
        if let Some(error) = refuse_whole(input) {
            return Err(error);
        }
        let (name, digest) = match input.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (input, None),
        };
        let (repository, tag) = match name.rsplit_once(':') {
            // A colon before a slash belongs to a port.
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
            _ => (name, None),
        };
        if tag == Some("") {
            return Err(NameError::new(NameKind::Reference, input, NameProblem::Dangling { separator: ':' }));
        }
        if digest == Some("") {
            return Err(NameError::new(NameKind::Reference, input, NameProblem::Dangling { separator: '@' }));
        }
        let within = |error: NameError| error.within(NameKind::Reference, input);
        Ok(Self {
            repository: repository.parse().map_err(within)?,
            tag: tag.map(str::parse).transpose().map_err(within)?,
            digest: digest.map(str::parse).transpose().map_err(within)?,
        })
    }
}

name_conversions!(Reference, "an image reference such as ghcr.io/acme/app:1.2");

/// What follows the repository: `:tag@digest`.
struct Suffix<'a>(&'a Reference);

impl fmt::Display for Suffix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tag) = &self.0.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.0.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// The mistakes that say more about the whole input than about any part of it.
fn refuse_whole(input: &str) -> Option<NameError> {
    let fail = |problem| NameError::new(NameKind::Reference, input, problem);
    if input.is_empty() {
        return Some(fail(NameProblem::Empty));
    }
    if let Some((scheme, rest)) = input.split_once("://") {
        return Some(refuse_scheme(&format!("{scheme}://"), without_userinfo(rest)));
    }
    let problem = NameProblem::check_characters(input, |character| !character.is_whitespace());
    problem.err().map(fail)
}

fn refuse_scheme(scheme: &str, rest: &str) -> NameError {
    let problem = NameProblem::Scheme { scheme: quoted(scheme) };
    let error = NameError::new(NameKind::Reference, &format!("{scheme}{rest}"), problem);
    // A second scheme is not worth a second look: an input of nothing but schemes would never end.
    if !rest.contains("://") && rest.parse::<Reference>().is_ok() {
        return error.with_remedy(format!("leave the scheme out: {rest}"));
    }
    error
}

/// A URL may carry a user's password, which must not end up in a message.
fn without_userinfo(rest: &str) -> &str {
    let authority = rest.split('/').next().unwrap_or(rest);
    match authority.rsplit_once('@') {
        Some((userinfo, after)) if after.parse::<Digest>().is_err() => {
            rest.get(userinfo.len() + 1..).unwrap_or_default()
        }
        _ => rest,
    }
}
