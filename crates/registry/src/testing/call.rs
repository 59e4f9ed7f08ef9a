//! `Call`: one use of a port, as a wrapper saw it.

use std::fmt;

use lockage_tagging::Repository;

/// What was asked of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// [`Source::resolve`](crate::Source::resolve).
    Resolve,
    /// [`Source::manifest`](crate::Source::manifest).
    Manifest,
    /// [`Source::stat_blob`](crate::Source::stat_blob).
    StatBlob,
    /// [`Source::blob`](crate::Source::blob).
    Blob,
    /// [`Source::tags`](crate::Source::tags): once a listing, whatever its number of pages.
    Tags,
    /// [`Source::referrers`](crate::Source::referrers).
    Referrers,
    /// [`Target::put_manifest`](crate::Target::put_manifest).
    PutManifest,
    /// [`Target::open_blob`](crate::Target::open_blob).
    OpenBlob,
    /// [`Upload::complete`](crate::Upload::complete).
    CompleteUpload,
    /// [`Upload::cancel`](crate::Upload::cancel).
    CancelUpload,
    /// [`Prune::delete_manifest`](crate::Prune::delete_manifest).
    DeleteManifest,
    /// [`Prune::delete_tag`](crate::Prune::delete_tag).
    DeleteTag,
}

impl Operation {
    /// The words that errors and logs use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Manifest => "pull manifest",
            Self::StatBlob => "look for blob",
            Self::Blob => "pull blob",
            Self::Tags => "list tags",
            Self::Referrers => "list referrers",
            Self::PutManifest => "push manifest",
            Self::OpenBlob => "open upload",
            Self::CompleteUpload => "complete upload",
            Self::CancelUpload => "cancel upload",
            Self::DeleteManifest => "delete manifest",
            Self::DeleteTag => "delete tag",
        }
    }

    /// True for what can change the registry.
    #[must_use]
    pub fn is_write(self) -> bool {
        matches!(
            self,
            Self::PutManifest
                | Self::OpenBlob
                | Self::CompleteUpload
                | Self::CancelUpload
                | Self::DeleteManifest
                | Self::DeleteTag
        )
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One call of a port.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// What was asked.
    pub operation: Operation,
    /// Of which repository.
    pub repository: Repository,
    /// The tag or digest that it was about; empty for a listing of tags. A read from an offset has ` from <offset>`
    /// behind the digest, a request to mount ` mount <repository>`, and filtered referrers ` of <artifact type>`.
    pub what: String,
}

impl Call {
    pub(super) fn new(operation: Operation, repository: &Repository, what: impl ToString) -> Self {
        Self { operation, repository: repository.clone(), what: what.to_string() }
    }

    pub(super) fn blob(repository: &Repository, blob: &crate::Descriptor, from: u64) -> Self {
        match from {
            0 => Self::new(Operation::Blob, repository, &blob.digest),
            _ => Self::new(Operation::Blob, repository, format_args!("{} from {from}", blob.digest)),
        }
    }

    pub(super) fn referrers(repository: &Repository, subject: &crate::Digest, kind: Option<&str>) -> Self {
        match kind {
            None => Self::new(Operation::Referrers, repository, subject),
            Some(kind) => Self::new(Operation::Referrers, repository, format_args!("{subject} of {kind}")),
        }
    }

    pub(super) fn open_blob(repository: &Repository, blob: &crate::Descriptor, from: Option<&Repository>) -> Self {
        match from {
            None => Self::new(Operation::OpenBlob, repository, &blob.digest),
            Some(from) => Self::new(Operation::OpenBlob, repository, format_args!("{} mount {from}", blob.digest)),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operation, self.repository)?;
        if self.what.is_empty() { Ok(()) } else { write!(f, " {}", self.what) }
    }
}
