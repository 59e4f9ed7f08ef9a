//! What makes a snapshot unusable.

/// What makes a snapshot unusable. Nothing is planned on one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It is no JSON, or none of a snapshot.
    #[error("the snapshot cannot be read: {0}")]
    Syntax(String),
    /// A field is written otherwise than it is read, and without it more may go.
    #[error("{place}: {field:?} is no field of a snapshot: write {meant}")]
    Misspelt {
        /// Where.
        place: String,
        /// What is written.
        field: String,
        /// The field that is meant.
        meant: &'static str,
    },
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
    /// What is named is not what has the digest beside the name.
    #[error("{repository}: a row names {name} and gives the digest of another manifest with it")]
    TwoNamed {
        /// The repository.
        repository: String,
        /// What is named.
        name: String,
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
            Self::Misspelt { .. } => {
                "write the name as it is read; what says something else has a name that is not like it"
            }
            _ => "take the snapshot again, or correct what wrote it",
        }
    }
}
