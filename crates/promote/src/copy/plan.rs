//! `CopyPlan`: what a copy will do, as data.

use std::fmt;

use lockage_registry::{Descriptor, Digest, RawManifest, Reference, TagOrDigest};
use serde::{Deserialize, Serialize};

use super::attachments::Attached;
use super::{Attachment, Outcome};
use crate::human::{Bytes, Many};

/// What has to be done so that the target has the image: read from both sides, and bound to one digest.
///
/// It can be printed, kept as JSON and applied later. What a JSON document does not hold, the manifests' bytes, is
/// fetched again by digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CopyPlan {
    pub(super) source: Reference,
    pub(super) target: Reference,
    pub(super) root: Descriptor,
    pub(super) route: Route,
    pub(super) former: Option<Digest>,
    /// Children before their parents, the root last.
    pub(super) manifests: Vec<PlannedManifest>,
    pub(super) blobs: Vec<PlannedBlob>,
    pub(super) attached: Attached,
    /// What planning has cost already.
    pub(super) requests: u64,
}

/// How the bytes get there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Route {
    /// The tag holds the image already: nothing is done.
    Present,
    /// Within one repository: only the tag moves.
    Retag,
    /// Within one registry: blobs are mounted.
    Mount,
    /// From one registry to another: blobs that are not there are streamed.
    Stream,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlannedManifest {
    pub(super) descriptor: Descriptor,
    /// 0 for a manifest without children, else one more than the highest child.
    pub(super) height: u32,
    /// 0 for the image, 1 for what is attached to it, 2 for what is attached to that.
    #[serde(default)]
    pub(super) depth: u32,
    #[serde(skip)]
    pub(super) raw: Option<RawManifest>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlannedBlob {
    pub(super) descriptor: Descriptor,
    /// Whether it is at the target, where the target was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) present: Option<bool>,
}

impl CopyPlan {
    /// The digest of the image: what the tag will hold.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.root.digest
    }

    /// The manifest that will be tagged.
    #[must_use]
    pub fn root(&self) -> &Descriptor {
        &self.root
    }

    /// Where the image comes from, as it was asked for.
    #[must_use]
    pub fn source(&self) -> &Reference {
        &self.source
    }

    /// Where it goes, with the tag that it will have.
    #[must_use]
    pub fn target(&self) -> &Reference {
        &self.target
    }

    /// How the bytes get there.
    #[must_use]
    pub fn route(&self) -> Route {
        self.route
    }

    /// What the tag of the target holds now.
    #[must_use]
    pub fn former(&self) -> Option<&Digest> {
        self.former.as_ref()
    }

    /// The manifests to put, children first, the root last.
    pub fn manifests(&self) -> impl ExactSizeIterator<Item = &Descriptor> {
        self.manifests.iter().map(|planned| &planned.descriptor)
    }

    /// The distinct blobs of the image to ensure, largest first; those of attachments are not among them.
    pub fn blobs(&self) -> impl ExactSizeIterator<Item = &Descriptor> {
        self.blobs.iter().map(|planned| &planned.descriptor)
    }

    /// What is attached to the image at the source, and what will become of it, as far as that can be foreseen. Empty where
    /// there is none, and where none was looked for.
    #[must_use]
    pub fn attachments(&self) -> &[Attachment] {
        self.attached.found().map_or(&[], |found| &found.attachments)
    }

    /// The bytes of the blobs that may have to move, those of attachments included: all, or those that the target is known
    /// to lack.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        missing(self.all_blobs())
    }

    /// The requests that planning took.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// The blobs of the image, and those of its attachments.
    pub(super) fn all_blobs(&self) -> impl Iterator<Item = &PlannedBlob> {
        self.blobs.iter().chain(self.attached.found().into_iter().flat_map(|found| &found.blobs))
    }

    /// Under what the root is put at the target.
    pub(super) fn at(&self) -> TagOrDigest {
        match self.target.tag() {
            Some(tag) => TagOrDigest::Tag(tag.clone()),
            None => TagOrDigest::Digest(self.root.digest.clone()),
        }
    }
}

impl fmt::Display for CopyPlan {
    /// What is copied where, what that takes, and what is attached: a line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "copy   {} → {}", self.source, self.target)?;
        write!(f, "  {}  {}", self.mark(), self.root.digest)?;
        match (&self.former, self.route) {
            (_, Route::Present) if self.attached.to_write() > 0 => write!(f, "  is there already"),
            (_, Route::Present) => write!(f, "  is there already: nothing to do"),
            (Some(former), _) => write!(f, "  replaces {}", former.short()),
            (None, _) => Ok(()),
        }?;
        let blobs = self.blobs.len();
        match self.route {
            Route::Present => Ok(()),
            Route::Retag => write!(f, "\n     the tag moves; every blob is there"),
            Route::Mount | Route::Stream => {
                let known = self.blobs.iter().filter(|blob| blob.present.is_some()).count();
                let there = self.blobs.iter().filter(|blob| blob.present == Some(true)).count();
                write!(f, "\n     {}, ", Many(self.manifests.len(), "manifest"))?;
                match (self.route, known == blobs) {
                    (Route::Mount, false) => write!(f, "{} to mount", Many(blobs, "blob")),
                    (Route::Mount, true) => write!(f, "{there} of {} there, others to mount", Many(blobs, "blob")),
                    (_, false) => {
                        write!(f, "{} to ensure ({})", Many(blobs, "blob"), Bytes(missing(self.blobs.iter())))
                    }
                    (_, true) => {
                        write!(
                            f,
                            "{there} of {} there, {} to upload",
                            Many(blobs, "blob"),
                            Bytes(missing(self.blobs.iter()))
                        )
                    }
                }
            }
        }?;
        self.attached.fmt(f)
    }
}

impl CopyPlan {
    fn mark(&self) -> char {
        match (self.route, &self.former) {
            (Route::Present, _) => '=',
            (_, Some(_)) => '~',
            (_, None) => '+',
        }
    }

    /// How a blob that the target had without an upload is to be called.
    pub(super) fn without_upload(&self) -> Outcome {
        if self.mounts() { Outcome::Mounted } else { Outcome::Present }
    }

    /// Whether blobs can be mounted: both sides are one registry, and not one repository.
    pub(super) fn mounts(&self) -> bool {
        let (from, to) = (self.source.repository(), self.target.repository());
        from.host() == to.host() && (self.route == Route::Mount || from != to)
    }
}

/// The bytes of those that the target is not known to have.
fn missing<'b>(blobs: impl Iterator<Item = &'b PlannedBlob>) -> u64 {
    let missing = blobs.filter(|blob| blob.present != Some(true));
    missing.fold(0, |sum, blob| sum.saturating_add(blob.descriptor.size))
}
