//! Writing the tags of an image where it goes, each only from what it was planned from.

use lockage_registry::{Digest, ErrorKind, RawManifest, Reference, Repository, Tag, TagOrDigest, Target};

use super::plan::current;
use super::{PromoteError, WrittenTag};
use crate::pipeline::PlannedTag;

/// A repository that is written to, and the image whose tags are.
pub(super) struct At<'a> {
    pub(super) target: &'a dyn Target,
    pub(super) repo: &'a Repository,
    pub(super) digest: &'a Digest,
}

impl At<'_> {
    /// The tag holds what it held when the plan was made, or the image.
    pub(super) async fn expect(&self, float: &PlannedTag) -> Result<Option<Digest>, PromoteError> {
        let found = current(self.target, self.repo, &float.tag).await?;
        if found == float.now || found.as_ref() == Some(self.digest) {
            return Ok(found);
        }
        let tag = Box::new(self.reference(&float.tag));
        Err(crate::Error::Moved { tag, expected: float.now.clone(), found }.into())
    }

    /// Creates the tag, unless it is there. Registries have no "create", so it is asked right before.
    pub(super) async fn pin(&self, raw: &RawManifest, pin: &PlannedTag) -> Result<WrittenTag, PromoteError> {
        let written = match current(self.target, self.repo, &pin.tag).await? {
            None => self.put(raw, &pin.tag).await?,
            Some(held) if held == *self.digest => false,
            Some(held) => return Err(self.held(&pin.tag, held)),
        };
        Ok(WrittenTag { tag: pin.tag.clone(), written, former: None })
    }

    pub(super) async fn float(&self, raw: &RawManifest, float: &PlannedTag) -> Result<WrittenTag, PromoteError> {
        let found = self.expect(float).await?;
        let written = found.as_ref() != Some(self.digest) && self.put(raw, &float.tag).await?;
        Ok(WrittenTag { tag: float.tag.clone(), written, former: found.filter(|_| written) })
    }

    /// A registry that refuses to write a tag that holds the image already has done what was wanted.
    pub(super) async fn put(&self, raw: &RawManifest, tag: &Tag) -> Result<bool, PromoteError> {
        let refused = match self.target.put_manifest(self.repo, raw, &TagOrDigest::Tag(tag.clone())).await {
            Ok(_) => return Ok(true),
            Err(error) if error.kind() == ErrorKind::TagImmutable => error,
            Err(error) => return Err(error.into()),
        };
        match current(self.target, self.repo, tag).await {
            Ok(Some(held)) if held == *self.digest => Ok(false),
            Ok(Some(held)) => Err(self.held(tag, held)),
            _ => Err(refused.into()),
        }
    }

    fn held(&self, tag: &Tag, current: Digest) -> PromoteError {
        let wanted = self.digest.clone();
        PromoteError::PinHeld { tag: Box::new(self.reference(tag)), current, wanted }
    }

    pub(super) fn reference(&self, tag: &Tag) -> Reference {
        Reference::new(self.repo.clone()).with_tag(tag.clone())
    }
}
