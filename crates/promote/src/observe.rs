//! `Observer`: sees what a copy does while it does it.

use lockage_registry::{Descriptor, Digest};

use crate::{Attachment, CopyPlan, Outcome};

/// Is told of every step of a copy, from the task that copies: it must not block.
///
/// Any closure is an observer:
///
/// ```
/// use lockage_promote::{Event, Observer};
/// let observer = |event: &Event<'_>| {
///     if let Event::TagMoved { to, .. } = event {
///         println!("now {to}");
///     }
/// };
/// fn takes(_: &dyn Observer) {}
/// takes(&observer);
/// ```
pub trait Observer: Send + Sync {
    /// Something happened.
    fn event(&self, event: &Event<'_>);
}

/// What happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The copy is planned: what it may have to move is known from here on.
    Planned {
        /// The plan.
        plan: &'a CopyPlan,
    },
    /// A blob has to be uploaded, and its upload begins.
    BlobStarted {
        /// The blob.
        blob: &'a Descriptor,
    },
    /// Bytes of a blob were handed to the target.
    BlobMoved {
        /// The blob.
        blob: &'a Descriptor,
        /// How many bytes since the last event of this blob.
        bytes: u64,
    },
    /// A blob is at the target.
    BlobDone {
        /// The blob.
        blob: &'a Descriptor,
        /// How it came there.
        outcome: Outcome,
    },
    /// A manifest was stored by digest.
    ManifestStored {
        /// The manifest.
        manifest: &'a Descriptor,
    },
    /// Something that is attached to the image is at the target; its outcome says how.
    AttachmentDone {
        /// The attachment.
        attachment: &'a Attachment,
    },
    /// The tag, or the digest where there is no tag, now names the whole image. The last event of a copy.
    TagMoved {
        /// What the tag held before.
        from: Option<&'a Digest>,
        /// What it holds now.
        to: &'a Digest,
    },
}

impl<F: Fn(&Event<'_>) + Send + Sync> Observer for F {
    fn event(&self, event: &Event<'_>) {
        self(event);
    }
}
