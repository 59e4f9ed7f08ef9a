//! Bringing what is attached: blobs, manifests by digest, the lists of them, and cosign's tags. All before the image's tag.

use std::collections::{BTreeMap, HashSet};

use futures::future::{FutureExt as _, try_join};
use lockage_registry::{Digest, RawManifest, Tag, referrers};

use super::{Attachment, AttachmentOutcome, Found, FoundBy};
use crate::copy::Outcome;
use crate::copy::apply::Work;
use crate::copy::together::together;
use crate::observe::Event;
use crate::{Error, Result, Side};

impl Work<'_, '_> {
    /// Everything that the target lacks; subjects before what is attached to them.
    pub(in crate::copy) async fn bring(&self) -> Result<()> {
        let Some(found) = self.plan.attached.found().filter(|_| self.plan.attached.to_write() > 0) else {
            return Ok(());
        };
        self.blobs(&found.blobs, true).await?;
        let by_tag = by_tag_alone(found);
        let mut unlisted: BTreeMap<Digest, Vec<RawManifest>> = BTreeMap::new();
        for level in found.manifests.chunk_by(|a, b| (a.depth, a.height) == (b.depth, b.height)) {
            let level = level.iter().filter(|planned| !by_tag.contains(&planned.descriptor.digest));
            let stored = level.map(|planned| self.store(planned, true).boxed()).collect();
            for (subject, manifest) in together(self.copy.concurrency, stored).await?.into_iter().flatten() {
                unlisted.entry(subject).or_default().push(manifest);
            }
        }
        let entered = unlisted.iter().map(|(subject, manifests)| self.enter(subject, manifests).boxed()).collect();
        let carried = found.attachments.iter().filter(|one| one.is_carried());
        let (tagged, listed): (Vec<_>, Vec<_>) = carried.partition(|one| matches!(one.found_by, FoundBy::Tag(_)));
        let merged = tagged.into_iter().map(|one| self.finish(found, one).boxed()).collect();
        // Each waits to see whether another writer is there, and none is in the other's way.
        let all = self.copy.concurrency;
        try_join(together(all, entered), together(all, merged)).await?;
        for one in listed {
            self.finish(found, one).await?;
        }
        Ok(())
    }

    /// Into the index of a registry that has no referrers API.
    pub(in crate::copy) async fn enter(&self, subject: &Digest, manifests: &[RawManifest]) -> Result<()> {
        let entered = referrers::enter(self.copy.target, self.to(), subject, manifests).await;
        self.requests.more(entered.map_err(Side::Target.failed())?.requests);
        Ok(())
    }

    /// What is found by a tag gets its tag; the rest is in place.
    async fn finish(&self, found: &Found, attachment: &Attachment) -> Result<()> {
        let outcome = match &attachment.found_by {
            FoundBy::Referrer => attachment.outcome,
            FoundBy::Tag(tag) => self.merge(found, attachment, tag).await?,
        };
        let done = Attachment { outcome, ..attachment.clone() };
        self.copy.event(&Event::AttachmentDone { attachment: &done });
        Ok(())
    }

    async fn merge(&self, found: &Found, attachment: &Attachment, tag: &Tag) -> Result<AttachmentOutcome> {
        let digest = &attachment.manifest.digest;
        let planned = found.manifests.iter().find(|planned| planned.descriptor.digest == *digest);
        let raw = match planned {
            Some(planned) => self.raw(planned).await?,
            None => return Err(Error::broken_plan(&self.plan.target, digest)),
        };
        let settled = referrers::merge(self.copy.target, self.to(), tag, &raw).await;
        let settled = settled.map_err(Side::Target.failed())?;
        self.requests.more(settled.requests);
        let outcome = match (settled.written, settled.digest == *digest) {
            (false, _) => AttachmentOutcome::Present,
            (true, true) => AttachmentOutcome::Carried,
            (true, false) => AttachmentOutcome::Merged,
        };
        if settled.written {
            self.done(raw.descriptor(), Outcome::Stored, true);
            self.copy.event(&Event::ManifestStored { manifest: raw.descriptor() });
        }
        self.settled(tag, outcome);
        Ok(outcome)
    }
}

/// The manifests that a tag alone needs: nothing refers to them by digest, so that one that is merged is not left behind
/// without a name.
fn by_tag_alone(found: &Found) -> HashSet<Digest> {
    let tagged = found.attachments.iter().filter(|one| matches!(one.found_by, FoundBy::Tag(_)));
    let mut alone: HashSet<_> = tagged.map(|one| one.manifest.digest.clone()).collect();
    for one in found.attachments.iter().filter(|one| one.is_carried()) {
        alone.remove(&one.subject);
        if one.found_by == FoundBy::Referrer {
            alone.remove(&one.manifest.digest);
        }
    }
    alone
}
