//! The root of the image: by digest, where something is attached to it, and under its tag, last of all.

use lockage_registry::{Digest, ErrorKind, RawManifest, TagOrDigest};

use super::apply::Work;
use super::plan::PlannedManifest;
use super::{Outcome, Route};
use crate::observe::Event;
use crate::{Error, Result, Side};

impl Work<'_, '_> {
    /// The root by digest if need be, what is attached, and the tag.
    pub(super) async fn root(&self, root: &PlannedManifest) -> Result<()> {
        let raw = self.raw(root).await?;
        let subject = raw.view().map_err(Side::Source.failed())?.subject.map(|subject| subject.digest);
        let at = self.plan.at();
        // A subject should be there before what is attached to it, and an error after the tag has moved is none.
        let is_needed = at.digest().is_some() || self.plan.attached.to_write() > 0 || subject.is_some();
        let by_digest = is_needed && self.plan.route != Route::Retag;
        if by_digest {
            let stored = self.put(&raw, &TagOrDigest::Digest(raw.digest().clone())).await?;
            if let Some(subject) = subject.filter(|_| !stored.subject_indexed) {
                self.enter(&subject, std::slice::from_ref(&raw)).await?;
            }
        }
        self.bring().await?;
        if !(by_digest && at.digest().is_some()) {
            self.expect_current().await?;
            self.tag(&raw, &at).await?;
        }
        self.done(&root.descriptor, Outcome::Stored, false);
        self.copy.event(&Event::TagMoved { from: self.plan.former.as_ref(), to: &self.plan.root.digest });
        Ok(())
    }

    /// Right before the PUT, as there is no way to make it conditional.
    async fn expect_current(&self) -> Result<()> {
        let Some(expected) = self.copy.expected.as_ref().filter(|_| self.plan.target.tag().is_some()) else {
            return Ok(());
        };
        let found = self.current().await?;
        if found == *expected || found.as_ref() == Some(self.plan.digest()) {
            return Ok(());
        }
        Err(Error::Moved { tag: Box::new(self.plan.target.clone()), expected: expected.clone(), found })
    }

    /// A registry that refuses to move a tag to the image that it holds already has done what was wanted.
    async fn tag(&self, raw: &RawManifest, at: &TagOrDigest) -> Result<()> {
        let refused = match self.put(raw, at).await {
            Err(Error::Port { side, error }) if error.kind() == ErrorKind::TagImmutable => (side, error),
            put => return put.map(|_| ()),
        };
        match self.current().await {
            Ok(Some(current)) if current == *raw.digest() => Ok(()),
            Ok(Some(current)) => Err(Error::TagImmutable {
                tag: Box::new(self.plan.target.clone()),
                current,
                wanted: raw.digest().clone(),
                error: Box::new(refused.1),
            }),
            Ok(None) | Err(_) => Err(Error::Port { side: refused.0, error: refused.1 }),
        }
    }

    /// What the tag holds; `None` is a 404 and nothing else.
    async fn current(&self) -> Result<Option<Digest>> {
        self.requests.one();
        match self.copy.target.resolve(self.to(), &self.plan.at()).await {
            Ok(held) => Ok(Some(held.digest)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(Side::Target.failed()(error)),
        }
    }
}
