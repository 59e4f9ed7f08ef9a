//! What the name of a branch says.

use semver::Version;

use super::{BranchError, BranchRole, BranchSubject, subject};
use crate::excerpt::quoted;

/// What the name of a branch says, by a [`BranchTable`](super::BranchTable).
///
/// ```
/// use lockage_tagging::branches::{BranchRole, BranchSubject, BranchTable};
///
/// let table = BranchTable::git_flow();
/// let head = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";
/// let reading = table.read("release/v1.2.0-sha-2b2e927", Some(head))?.ok_or("not in the table")?;
/// assert_eq!(reading.role, BranchRole::Release);
/// assert_eq!(reading.version().map(ToString::to_string).as_deref(), Some("1.2.0"));
/// assert_eq!(reading.commit.as_deref(), Some("2b2e927"));
/// assert_eq!(reading.channel.as_deref(), Some("rc"));
///
/// let sprint = table.read("release/sprint-42", None)?.ok_or("not in the table")?;
/// assert_eq!(sprint.subject, Some(BranchSubject::Name("sprint-42".into())));
/// assert!(table.read("release/v1.2.0-sha-0000000", Some(head)).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BranchReading {
    /// The whole name.
    pub branch: String,
    /// What the branch is for.
    pub role: BranchRole,
    /// The channel that it feeds.
    pub channel: Option<String>,
    /// What it is about; `None` when it names nothing but a commit.
    pub subject: Option<BranchSubject>,
    /// The commit that it carries, 7 to 64 hexadecimal digits in lower case. It is no prerelease of the version.
    pub commit: Option<String>,
}

impl BranchReading {
    /// The version that the branch is about, if it is about one.
    pub fn version(&self) -> Option<&Version> {
        match &self.subject {
            Some(BranchSubject::Version(version)) => Some(version),
            _ => None,
        }
    }

    /// What the branch is about, as text for a tag.
    pub(super) fn tag_name(&self) -> Option<String> {
        Some(match self.subject.as_ref()? {
            BranchSubject::Version(version) => version.to_string().replace('+', "_"),
            subject => subject.to_string(),
        })
    }

    /// Reads `captured`, the part of `branch` that a pattern found.
    pub(super) fn new(
        branch: &str,
        captured: &str,
        (role, channel): (BranchRole, Option<&str>),
        head: Option<&str>,
    ) -> Result<Self, BranchError> {
        let (subject, commit) = match role.is_about_versions() {
            true => subject::read(captured, branch, head)?,
            false => (Some(BranchSubject::Name(captured.to_owned())), None),
        };
        match (&commit, head) {
            (Some(commit), Some(head)) if !subject::is_same(commit, head) => {
                Err(BranchError::CommitMismatch { branch: quoted(branch), commit: commit.clone(), head: quoted(head) })
            }
            _ => Ok(Self { branch: branch.to_owned(), role, channel: channel.map(str::to_owned), subject, commit }),
        }
    }
}
