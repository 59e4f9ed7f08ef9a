//! `Receipt`: what a copy did, step by step.

use std::fmt;

use lockage_registry::{Descriptor, Digest, Reference};
use serde::{Deserialize, Serialize};

use super::{Attachments, Route};
use crate::human::{Bytes, Many};

/// What a copy did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    pub(super) source: Reference,
    pub(super) target: Reference,
    pub(super) digest: Digest,
    pub(super) route: Route,
    pub(super) former: Option<Digest>,
    pub(super) steps: Vec<Step>,
    pub(super) requests: u64,
    pub(super) attachments: Attachments,
}

/// One blob or manifest, and what became of it. In the order in which they ended: the last is the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// The content.
    pub content: Descriptor,
    /// How it came to be at the target.
    pub outcome: Outcome,
    /// True for what is no part of the image, but of what is attached to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attached: bool,
}

/// How some content came to be at the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// It was there.
    Present,
    /// The registry took it from another of its repositories, or had it already: it answers alike to both.
    Mounted,
    /// Its bytes were sent.
    Uploaded,
    /// Another copy in this process moved it at the same time.
    Shared,
    /// A manifest was put.
    Stored,
}

impl Receipt {
    /// The digest that source and target now share.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Where the image came from.
    #[must_use]
    pub fn source(&self) -> &Reference {
        &self.source
    }

    /// Where it is now.
    #[must_use]
    pub fn target(&self) -> &Reference {
        &self.target
    }

    /// How the bytes got there.
    #[must_use]
    pub fn route(&self) -> Route {
        self.route
    }

    /// False where the tag held the image already.
    #[must_use]
    pub fn moved(&self) -> bool {
        self.route != Route::Present
    }

    /// What the tag held before.
    #[must_use]
    pub fn former(&self) -> Option<&Digest> {
        self.former.as_ref()
    }

    /// What was done, in the order in which it ended.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The bytes of blobs that were uploaded, those of attachments included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        uploaded(self.steps.iter())
    }

    /// The requests made to both sides, those of the plan included. What a transport adds of its own (authentication,
    /// redirects) is not counted.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// What became of what is attached to the image.
    #[must_use]
    pub fn attachments(&self) -> &Attachments {
        &self.attachments
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.steps.iter().filter(|step| step.outcome == outcome && !step.attached).count()
    }
}

impl fmt::Display for Receipt {
    /// One line: where the image is, and what it took.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}: ", self.target, self.digest)?;
        match self.route {
            Route::Present => write!(f, "was there already")?,
            Route::Retag => write!(f, "tag moved")?,
            Route::Mount | Route::Stream => {
                write!(f, "{}", Many(self.count(Outcome::Stored), "manifest"))?;
                for (outcome, word) in [
                    (Outcome::Present, "there"),
                    (Outcome::Mounted, "mounted"),
                    (Outcome::Shared, "shared"),
                    (Outcome::Uploaded, "uploaded"),
                ] {
                    match self.count(outcome) {
                        0 => {}
                        n => write!(f, ", {} {word}", Many(n, "blob"))?,
                    }
                }
                match uploaded(self.steps.iter().filter(|step| !step.attached)) {
                    0 => {}
                    bytes => write!(f, " ({})", Bytes(bytes))?,
                }
                write!(f, ", tag last")?;
            }
        }
        write!(f, "; {}; {}", Many(usize::try_from(self.requests).unwrap_or(usize::MAX), "request"), self.attachments)
    }
}

fn uploaded<'s>(steps: impl Iterator<Item = &'s Step>) -> u64 {
    let uploaded = steps.filter(|step| step.outcome == Outcome::Uploaded);
    uploaded.fold(0, |sum, step| sum.saturating_add(step.content.size))
}
