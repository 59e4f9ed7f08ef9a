//! `SetError`: why images could not move together, or be taken back.

use std::fmt;

use lockage_registry::{Digest, Reference};

use crate::ledger::SetMember;
use crate::pipeline::Name;
use crate::{Clearance, NotCleared};

/// Why a set could not be planned, gone on with, or taken back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// No image.
    #[error("the set has no image")]
    Empty,
    /// One image twice into one environment, or two images that move one tag.
    #[error("two of the set would write {tag}")]
    Twice {
        /// The tag, or the repository.
        tag: Box<Reference>,
    },
    /// No run of such a set has come as far as to say so.
    #[error("the ledger knows no set {id}")]
    Unknown {
        /// The digest of the set.
        id: Digest,
    },
    /// Another image has arrived since where one of the set was to.
    #[error("{image} has been promoted to {environment} since, and the set {id} would undo that")]
    Superseded {
        /// The set.
        id: Digest,
        /// The image.
        image: Name,
        /// Where.
        environment: Name,
    },
    /// All tags of the set have moved.
    #[error("the set {id} has arrived: all its tags have moved")]
    Arrived {
        /// The set.
        id: Digest,
    },
    /// The set was taken back.
    #[error("the set {id} was taken back")]
    Reverted {
        /// The set.
        id: Digest,
    },
    /// A tag holds what neither was there before nor is of the set.
    #[error("{tag} holds {found}, which is neither what it held before nor of the set")]
    Moved {
        /// The tag.
        tag: Box<Reference>,
        /// What it holds.
        found: String,
    },
    /// A tag that did not exist before has to be deleted, and nothing was given to do that.
    #[error("{tag} did not exist before the set, and nothing was given to delete it")]
    NoDelete {
        /// The tag.
        tag: Box<Reference>,
    },
    /// One of its images is part of a set that is on its way.
    #[error("{image} is on its way to {environment} in the set {id}")]
    Open {
        /// The set.
        id: Digest,
        /// The image.
        image: Name,
        /// Where to.
        environment: Name,
    },
    /// Gates did not pass.
    #[error(transparent)]
    NotCleared(Box<SetNotCleared>),
}

impl SetError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        Some(
            match self {
                Self::Empty => "Name at least one image.",
                Self::Twice { .. } => "Nothing was written. Take one of the two out.",
                Self::Unknown { .. } => "Plan it and apply it; no floating tag has moved.",
                Self::Superseded { .. } => "Take the set back; what has arrived since stays.",
                Self::Arrived { .. } => "Roll its images back one by one, or go on with it.",
                Self::Reverted { .. } => "Plan it anew.",
                Self::Moved { .. } => "Nothing was written. Look who has moved it, and move it back first.",
                Self::NoDelete { .. } => "Nothing was written. Give the promoter something that deletes, or go on.",
                Self::Open { .. } => "Go on with the set, or take it back.",
                Self::NotCleared(refusal) if refusal.is_waiting() => "Nothing was written. Clear the set again later.",
                Self::NotCleared(_) => return None,
            }
            .to_owned(),
        )
    }
}

/// A set that may not move, or not yet: one image of it that may not is enough.
#[derive(Debug)]
#[non_exhaustive]
pub struct SetNotCleared {
    /// The images that may not, each with the word of every gate.
    pub refusals: Vec<NotCleared>,
    /// What the gates found of the others, which stay where they are with them.
    pub passed: Vec<(SetMember, Vec<Clearance>)>,
}

impl SetNotCleared {
    /// True where nothing failed and nothing was undecided: it may be cleared later.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.refusals.iter().all(NotCleared::is_waiting)
    }

    /// True where a gate could not decide.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        self.refusals.iter().any(NotCleared::is_undecided)
    }
}

impl fmt::Display for SetNotCleared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the set is not cleared: ")?;
        for (n, refusal) in self.refusals.iter().enumerate() {
            write!(f, "{}{refusal}", if n == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for SetNotCleared {}
