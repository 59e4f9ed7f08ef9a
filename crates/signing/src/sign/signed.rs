//! `Signed`: what a call has left in the registry, and what it found there.

use lockage_tagging::Digest;
use serde::Serialize;

use super::Layout;
use crate::verify::Place;

/// What was signed, or attested, and where that is written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Signed {
    /// What was asked for: an image or an index.
    pub digest: Digest,
    /// One for each image and layout, children before their index.
    pub marks: Vec<Mark>,
    /// The layout that was asked for and cannot be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOut>,
}

/// A layout that cannot be written by this signer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LeftOut {
    /// The layout.
    pub layout: Layout,
    /// Why not.
    pub why: String,
}

/// A signature or an attestation, of one image in one layout.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Mark {
    /// The image.
    pub subject: Digest,
    /// The layout: never [`Both`](Layout::Both).
    pub layout: Layout,
    /// Where it is.
    pub place: Place,
    /// The manifest that has it: what the tag holds, or that of the bundle.
    pub manifest: Digest,
    /// What was done for it.
    pub outcome: Outcome,
}

/// What was done for a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "something is there afterwards, and was or was not before")]
pub enum Outcome {
    /// It was written.
    Written,
    /// This signer had said the same; nothing was written.
    AlreadyThere,
}

impl Signed {
    /// Whether anything was written.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.marks.iter().any(|mark| mark.outcome == Outcome::Written)
    }
}
