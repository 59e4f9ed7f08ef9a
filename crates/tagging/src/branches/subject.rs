//! What a branch is about: a version, a line of versions, a date, or a name; and the commit behind it.

use std::fmt;

use semver::Version;

use super::BranchError;
use crate::{
    Date, describe,
    excerpt::quoted,
    scheme::{commit::is_commit, semver::parse as parse_version},
};

/// What a branch is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BranchSubject {
    /// One version: `1.2.0` of `release/v1.2.0-sha-2b2e927`.
    Version(Version),
    /// A line of versions: `release/1.2`, `support/1.x`, `stable/2024.1`.
    Line {
        /// The first number.
        major: u64,
        /// The second, if the line has it.
        minor: Option<u64>,
    },
    /// A day: `release/2025-03-10`.
    Date(Date),
    /// Anything else: `sprint-42`.
    Name(String),
}

impl fmt::Display for BranchSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "{version}"),
            Self::Line { major, minor: Some(minor) } => write!(f, "{major}.{minor}"),
            Self::Line { major, minor: None } => write!(f, "{major}"),
            Self::Date(date) => write!(f, "{date}"),
            Self::Name(name) => f.pad(name),
        }
    }
}

/// A subject, and the commit behind it in lower case.
pub(super) type Subject = (Option<BranchSubject>, Option<String>);

/// Parts `text`, the part of `branch` that its pattern has captured, into a subject and a commit.
pub(super) fn read(text: &str, branch: &str, head: Option<&str>) -> Result<Subject, BranchError> {
    if let Some(digits) = text.strip_prefix("sha-").filter(|digits| is_commit(digits)) {
        return Ok((None, Some(digits.to_ascii_lowercase())));
    }
    if let Some((before, digits)) = text.rsplit_once("-sha-").filter(|(before, _)| !before.is_empty()) {
        let subject = plain(before);
        if is_commit(digits) {
            return Ok((Some(subject), Some(digits.to_ascii_lowercase())));
        }
        // Behind a name it is a part of the name. Behind a version it would become a prerelease.
        if !matches!(subject, BranchSubject::Name(_)) {
            return Err(BranchError::BrokenCommit { branch: quoted(branch), commit: quoted(digits) });
        }
    }
    if let Some((before, _, digits)) = describe::split(text) {
        let subject = plain(before);
        if !matches!(subject, BranchSubject::Name(_)) {
            return Ok((Some(subject), Some(digits.to_ascii_lowercase())));
        }
    }
    let subject = plain(text);
    let Some((before, digits)) = text.rsplit_once('-').filter(|(_, digits)| is_commit(digits)) else {
        return Ok((Some(subject), None));
    };
    let bare = plain(before);
    let dated = digits.parse::<u32>().is_ok() && crate::class::is_timestamp(digits);
    if matches!(bare, BranchSubject::Name(_)) || dated {
        return Ok((Some(subject), None));
    }
    let commit = digits.to_ascii_lowercase();
    let number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let word = digits.bytes().all(|byte| byte.is_ascii_alphabetic());
    match head.map(|head| is_same(&commit, head)) {
        Some(true) => Ok((Some(bare), Some(commit))),
        // `1.2.0-1234567` is a prerelease by its form, `1.2.0-2b2e927` is not: it is another commit.
        Some(false) if number || word => Ok((Some(subject), None)),
        None if number || word => Err(BranchError::AmbiguousCommit { branch: quoted(branch), digits: quoted(digits) }),
        Some(false) | None => Ok((Some(bare), Some(commit))),
    }
}

/// Whether one of two commits is the start of the other. Both can be abbreviated.
pub(super) fn is_same(commit: &str, head: &str) -> bool {
    let head = head.to_ascii_lowercase();
    head.starts_with(commit) || (is_commit(&head) && commit.starts_with(&head))
}

/// The subject of a text that carries no commit.
fn plain(text: &str) -> BranchSubject {
    if let Ok(date) = text.parse() {
        return BranchSubject::Date(date);
    }
    if let Ok(version) = parse_version(text) {
        return BranchSubject::Version(version);
    }
    line(text).unwrap_or_else(|| BranchSubject::Name(text.to_owned()))
}

/// `1`, `1.2`, `v1`, `1.x`, `1.2.x`.
fn line(text: &str) -> Option<BranchSubject> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let text = text.strip_suffix(".x").or_else(|| text.strip_suffix(".X")).unwrap_or(text);
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    Some(match text.split_once('.') {
        Some((major, minor)) => BranchSubject::Line { major: number(major)?, minor: Some(number(minor)?) },
        None => BranchSubject::Line { major: number(text)?, minor: None },
    })
}
