//! Attachments: what is attached to an image at the source, how it was found, and what becomes of it.

mod bring;
mod discover;
mod kind;

use std::collections::BTreeMap;
use std::fmt;

use lockage_registry::{Descriptor, Digest, Tag};
use serde::{Deserialize, Serialize};

pub(super) use discover::discover;
pub use kind::AttachmentKind;

use super::plan::{PlannedBlob, PlannedManifest};
use crate::human::Many;

/// A signature, an attestation, an SBOM or something else that is attached to a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attachment {
    /// Its manifest, at the source.
    pub manifest: Descriptor,
    /// The digest of the manifest that it is attached to: the image, a child of it, or another attachment.
    pub subject: Digest,
    /// The artifact type, as far as one is known: the manifest's own, or its config's media type.
    pub artifact_type: Option<String>,
    /// What it is, in a word for people.
    pub kind: AttachmentKind,
    /// How it is found.
    pub found_by: FoundBy,
    /// What became of it; in a plan, what will, as far as can be foreseen.
    pub outcome: AttachmentOutcome,
}

/// How an attachment is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FoundBy {
    /// It is listed among the referrers of its subject.
    Referrer,
    /// It is under one of cosign's tags.
    Tag(Tag),
}

/// What became of an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AttachmentOutcome {
    /// It was brought, its digest unchanged.
    Carried,
    /// What is under its tag was brought beside what the target had there, in a new manifest.
    Merged,
    /// The target had it.
    Present,
    /// The source lists it and does not have it: an entry that a deletion left.
    Dangling,
    /// The source lists it, and it says that it is attached to something else.
    Unrelated,
}

/// What became of the signatures, attestations and SBOMs of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Attachments {
    /// They were to be left behind, and were not looked for.
    LeftBehind,
    /// The image did not leave its repository, nor did they.
    InPlace,
    /// These were found; an empty list says that there are none.
    Found(Vec<Attachment>),
}

/// The attachments of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Attached {
    LeftBehind,
    InPlace,
    Found(Box<Found>),
}

/// What was found, and what it takes to bring what the target lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    pub(super) attachments: Vec<Attachment>,
    /// Subjects before what is attached to them, children before their parents.
    pub(super) manifests: Vec<PlannedManifest>,
    /// Those that the image does not have, too; largest first.
    pub(super) blobs: Vec<PlannedBlob>,
}

impl Attachment {
    /// True for what is brought, or will be.
    #[must_use]
    pub fn is_carried(&self) -> bool {
        matches!(self.outcome, AttachmentOutcome::Carried | AttachmentOutcome::Merged)
    }
}

impl Attachments {
    /// Every one that was found.
    #[must_use]
    pub fn found(&self) -> &[Attachment] {
        match self {
            Self::Found(found) => found,
            Self::LeftBehind | Self::InPlace => &[],
        }
    }
}

impl Attached {
    pub(super) fn found(&self) -> Option<&Found> {
        match self {
            Self::Found(found) => Some(found),
            Self::LeftBehind | Self::InPlace => None,
        }
    }

    pub(super) fn found_mut(&mut self) -> Option<&mut Found> {
        match self {
            Self::Found(found) => Some(found),
            Self::LeftBehind | Self::InPlace => None,
        }
    }

    /// How many attachments have to be brought.
    pub(super) fn to_write(&self) -> usize {
        self.found().map_or(0, |found| found.attachments.iter().filter(|one| one.is_carried()).count())
    }

    /// What the receipt says; `outcome` knows what really became of each.
    pub(super) fn receipt(&self, outcome: impl Fn(&Attachment) -> AttachmentOutcome) -> Attachments {
        match self {
            Self::LeftBehind => Attachments::LeftBehind,
            Self::InPlace => Attachments::InPlace,
            Self::Found(found) => Attachments::Found(
                found.attachments.iter().map(|one| Attachment { outcome: outcome(one), ..one.clone() }).collect(),
            ),
        }
    }
}

/// `2 signatures, 1 SBOM`.
struct Kinds<'a>(Vec<&'a Attachment>);

impl<'a> Kinds<'a> {
    fn of(all: &'a [Attachment], wanted: impl Fn(AttachmentOutcome) -> bool) -> Option<Self> {
        let found: Vec<_> = all.iter().filter(|one| wanted(one.outcome)).collect();
        (!found.is_empty()).then_some(Self(found))
    }
}

impl fmt::Display for Kinds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts: BTreeMap<AttachmentKind, usize> = BTreeMap::new();
        for one in &self.0 {
            *counts.entry(one.kind).or_default() += 1;
        }
        for (n, (kind, count)) in counts.into_iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            match kind {
                // "2 others" are other people.
                AttachmentKind::Other => write!(f, "{comma}{count} other")?,
                _ => write!(f, "{comma}{}", Many(count, kind.word()))?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Attached {
    /// Lines of a plan, each with the line break before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = match self {
            Self::LeftBehind => return write!(f, "\n     attachments are left behind, as asked"),
            Self::InPlace => return Ok(()),
            Self::Found(found) => &found.attachments,
        };
        if all.is_empty() {
            return write!(f, "\n     no attachments");
        }
        for (mark, outcome, word) in [
            ('+', AttachmentOutcome::Carried, ""),
            ('~', AttachmentOutcome::Merged, " to merge with what is there"),
            ('=', AttachmentOutcome::Present, " there"),
        ] {
            if let Some(kinds) = Kinds::of(all, |one| one == outcome) {
                write!(f, "\n     {mark} {kinds}{word}")?;
            }
        }
        for one in all {
            match one.outcome {
                AttachmentOutcome::Dangling => {
                    write!(f, "\n     ! {} is listed and not there: not carried", one.manifest.digest)?;
                }
                AttachmentOutcome::Unrelated => {
                    write!(f, "\n     ! {} is attached to something else: not carried", one.manifest.digest)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl fmt::Display for Attachments {
    /// `2 signatures carried, 1 SBOM there`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = match self {
            Self::LeftBehind => return f.write_str("attachments left behind, as asked"),
            Self::InPlace => return f.write_str("attachments where they were"),
            Self::Found(all) if all.is_empty() => return f.write_str("no attachments"),
            Self::Found(all) => all,
        };
        let mut comma = "";
        for (outcome, word) in [
            (AttachmentOutcome::Carried, "carried"),
            (AttachmentOutcome::Merged, "merged"),
            (AttachmentOutcome::Present, "there"),
            (AttachmentOutcome::Dangling, "listed and not there"),
            (AttachmentOutcome::Unrelated, "attached to something else"),
        ] {
            if let Some(kinds) = Kinds::of(all, |one| one == outcome) {
                write!(f, "{comma}{kinds} {word}")?;
                comma = ", ";
            }
        }
        Ok(())
    }
}
