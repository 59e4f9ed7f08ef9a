//! What makes a snapshot unusable.

/// What makes a snapshot unusable. Nothing is planned on one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It is no JSON, or none of a snapshot.
    #[error("the snapshot cannot be read: {0}")]
    Syntax(String),
    /// A repository has no name that could be told from others.
    #[error("{0:?} is no name of a repository")]
    Repository(String),
    /// A tag is none.
    #[error("{repository}: {tag:?} is no tag")]
    Tag {
        /// The repository.
        repository: String,
        /// What should be a tag.
        tag: String,
    },
    /// A manifest comes twice.
    #[error("{repository}: the manifest {manifest} is there twice")]
    TwiceManifest {
        /// The repository.
        repository: String,
        /// The manifest.
        manifest: String,
    },
    /// A tag comes twice.
    #[error("{repository}: the tag {tag} is there twice")]
    TwiceTag {
        /// The repository.
        repository: String,
        /// The tag.
        tag: String,
    },
    /// A digest is none, or of an algorithm that is not known.
    #[error("{repository}: {text:?} is no digest")]
    Digest {
        /// The repository.
        repository: String,
        /// What should be a digest.
        text: String,
    },
    /// More rows than there are numbers for.
    #[error("the snapshot has more rows than fit into one: take one of each repository")]
    TooLarge,
}

impl SnapshotError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::TooLarge => "take one snapshot of each repository",
            Self::TwiceManifest { .. } | Self::TwiceTag { .. } => {
                "take the snapshot again: a listing that changes while it is read is no snapshot"
            }
            _ => "take the snapshot again, or correct what wrote it",
        }
    }
}
