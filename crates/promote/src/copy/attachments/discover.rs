//! Discovery: everything that is attached to an image at the source, and what of it the target has. Reads only, and only a
//! 404 means that there is none.

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use futures::future::FutureExt as _;
use lockage_registry::{
    Descriptor, Digest, DigestTag, DigestTagKind, RawManifest, Repository, Tag, TagOrDigest, media_type, referrers,
};

use super::{Attachment, AttachmentKind, AttachmentOutcome, Found, FoundBy};
use crate::copy::listing::CosignTags;
use crate::copy::together::together;
use crate::copy::walk::{Below, MAX_DEPTH, MAX_MANIFESTS, fetch, largest_first, too_large, walk};
use crate::copy::{CopyPlan, ImageCopy, Requests};
use crate::{Result, Side};

/// Looks from the image outwards: what is attached to it and its children, what is attached to that, and so on. Each
/// manifest is asked about once.
pub(in crate::copy) async fn discover(
    copy: &ImageCopy<'_>,
    plan: &CopyPlan,
    requests: &Requests,
    since: Instant,
) -> Result<Found> {
    let image = image(copy, plan, requests).await?;
    let tags = copy.flights.listings.tags(copy.source, copy.from.repository(), since, requests).await;
    let look = Look { copy, to: plan.target.repository(), requests, tags: tags.map_err(Side::Source.failed())? };

    let of_image: HashSet<_> = image.iter().cloned().collect();
    let (mut looked, mut subjects) = (of_image.clone(), image);
    let (mut found, mut blobs) = (Found::default(), BTreeMap::new());
    let mut planned = HashSet::new();
    for depth in (1..).take(MAX_DEPTH) {
        let listed = subjects.iter().map(|subject| look.attached_to(subject).boxed()).collect();
        let listed = together(copy.concurrency, listed).await?.into_iter().flatten();
        // A child of the image may be attached to another child; it goes with the image.
        let listed: Vec<_> = listed.filter(|one| !of_image.contains(&one.attachment.manifest.digest)).collect();
        if found.attachments.len() + listed.len() > MAX_MANIFESTS {
            return Err(too_large(copy, format!("{MAX_MANIFESTS} attachments")));
        }
        let read = listed.into_iter().map(|candidate| look.read(candidate).boxed()).collect();
        subjects = Vec::new();
        for Read { attachment, manifests, below } in together(copy.concurrency, read).await? {
            subjects.extend(manifests.into_iter().filter(|digest| looked.insert(digest.clone())));
            if let Some(below) = below.filter(|_| attachment.is_carried()) {
                blobs.extend(below.blobs);
                let fresh = below.manifests.into_iter().filter(|one| planned.insert(one.descriptor.digest.clone()));
                found.manifests.extend(fresh.map(|mut one| {
                    one.depth = depth;
                    one
                }));
            }
            found.attachments.push(attachment);
        }
        if subjects.is_empty() {
            found.manifests.sort_by_key(|one| (one.depth, one.height));
            for blob in &plan.blobs {
                blobs.remove(&blob.descriptor.digest);
            }
            found.blobs = largest_first(blobs);
            return Ok(found);
        }
    }
    Err(too_large(copy, format!("{MAX_DEPTH} levels of attachments to attachments")))
}

/// The digests of the image's manifests, the root first.
async fn image(copy: &ImageCopy<'_>, plan: &CopyPlan, requests: &Requests) -> Result<Vec<Digest>> {
    if !plan.manifests.is_empty() {
        return Ok(plan.manifests.iter().rev().map(|planned| planned.descriptor.digest.clone()).collect());
    }
    // It is at the target, and has not been walked: only what has children has to be read.
    let mut seen = HashSet::from([plan.root.digest.clone()]);
    let (mut all, mut level) = (vec![plan.root.digest.clone()], vec![plan.root.clone()]);
    for _ in 0..MAX_DEPTH {
        let may_have_children = |one: &Descriptor| one.media_type.is_empty() || media_type::is_index(&one.media_type);
        let read: Vec<_> = level.iter().filter(|one| may_have_children(one)).cloned().collect();
        if read.is_empty() {
            return Ok(all);
        }
        let children = read.into_iter().map(|one| children(copy, one.digest, requests).boxed()).collect();
        let children = together(copy.concurrency, children).await?.into_iter().flatten();
        level = children.filter(|child| seen.insert(child.digest.clone())).collect();
        all.extend(level.iter().map(|child| child.digest.clone()));
        if all.len() > MAX_MANIFESTS {
            return Err(too_large(copy, format!("{MAX_MANIFESTS} manifests")));
        }
    }
    Err(too_large(copy, format!("{MAX_DEPTH} levels of indexes")))
}

async fn children(copy: &ImageCopy<'_>, digest: Digest, requests: &Requests) -> Result<Vec<Descriptor>> {
    let raw = fetch(copy, &digest.into(), requests).await?;
    let view = raw.view().map_err(Side::Source.failed())?;
    Ok(view.children().into_iter().cloned().collect())
}

struct Look<'c, 'a> {
    copy: &'c ImageCopy<'a>,
    to: &'c Repository,
    requests: &'c Requests,
    tags: CosignTags,
}

/// Something that is attached, as a list or a tag names it.
struct Candidate {
    attachment: Attachment,
    raw: Option<RawManifest>,
}

/// The same, and what was read of it.
struct Read {
    attachment: Attachment,
    /// The manifests to which something may be attached.
    manifests: Vec<Digest>,
    below: Option<Below>,
}

impl Look<'_, '_> {
    async fn attached_to(&self, subject: &Digest) -> Result<Vec<Candidate>> {
        let mut found = self.listed(subject).await?;
        for kind in [DigestTagKind::Signature, DigestTagKind::Attestation, DigestTagKind::Sbom] {
            let tag = DigestTag::new(subject, kind).to_tag();
            found.extend(self.tagged(subject, tag).await?);
        }
        Ok(found)
    }

    /// The referrers at the source; where there are some, those at the target are asked for, too.
    async fn listed(&self, subject: &Digest) -> Result<Vec<Candidate>> {
        self.requests.one();
        let listed = self.copy.source.referrers(self.copy.from.repository(), subject, None).await;
        let listed = listed.map_err(Side::Source.failed())?;
        if listed.is_empty() {
            return Ok(Vec::new());
        }
        self.requests.one();
        let there = self.copy.target.referrers(self.to, subject, None).await.map_err(Side::Target.failed())?;
        let there: HashSet<_> = there.into_iter().map(|entry| entry.digest).collect();
        let mut seen = HashSet::new();
        let entries = listed.into_iter().filter(|entry| seen.insert(entry.digest.clone()));
        Ok(entries
            .map(|entry| Candidate {
                raw: None,
                attachment: Attachment {
                    manifest: Descriptor::new(entry.media_type, entry.digest.clone(), entry.size),
                    subject: subject.clone(),
                    kind: AttachmentKind::of_type(entry.artifact_type.as_deref(), &entry.annotations),
                    artifact_type: entry.artifact_type,
                    found_by: FoundBy::Referrer,
                    outcome: match there.contains(&entry.digest) {
                        true => AttachmentOutcome::Present,
                        false => AttachmentOutcome::Carried,
                    },
                },
            })
            .collect())
    }

    /// What is under one of cosign's tags, and whether the target's tag has all of it.
    async fn tagged(&self, subject: &Digest, tag: Tag) -> Result<Option<Candidate>> {
        let from = self.copy.from.repository();
        let at = TagOrDigest::Tag(tag.clone());
        match &self.tags {
            Some(tags) if !tags.contains(&tag) => return Ok(None),
            Some(_) => {}
            None => {
                self.requests.one();
                if absent(self.copy.source.resolve(from, &at).await).map_err(Side::Source.failed())?.is_none() {
                    return Ok(None);
                }
            }
        }
        self.requests.one();
        let brought = absent(self.copy.source.manifest(from, &at).await).map_err(Side::Source.failed())?;
        let Some(raw) = brought else { return Ok(None) };
        self.requests.one();
        let held = absent(self.copy.target.manifest(self.to, &at).await).map_err(Side::Target.failed())?;
        let outcome = match held {
            None => AttachmentOutcome::Carried,
            Some(held) => match referrers::covers(&held, &raw).map_err(Side::Target.failed())? {
                true => AttachmentOutcome::Present,
                false => AttachmentOutcome::Merged,
            },
        };
        let attachment = Attachment {
            manifest: raw.descriptor().clone(),
            subject: subject.clone(),
            artifact_type: None,
            kind: AttachmentKind::of_tag(&tag),
            found_by: FoundBy::Tag(tag),
            outcome,
        };
        Ok(Some(Candidate { attachment, raw: Some(raw) }))
    }

    /// Reads what has to be brought, and what a list does not say enough of.
    async fn read(&self, candidate: Candidate) -> Result<Read> {
        let Candidate { mut attachment, raw } = candidate;
        let manifests = vec![attachment.manifest.digest.clone()];
        if raw.is_none() && attachment.outcome == AttachmentOutcome::Present && !self.is_there(&attachment).await? {
            attachment.outcome = AttachmentOutcome::Carried;
        }
        let raw = match raw {
            Some(raw) => raw,
            None if is_known(&attachment) => return Ok(Read { attachment, manifests, below: None }),
            None => match fetch(self.copy, &attachment.manifest.digest.clone().into(), self.requests).await {
                Ok(raw) => raw,
                Err(error) if error.port().is_some_and(lockage_registry::Error::is_not_found) => {
                    if attachment.outcome != AttachmentOutcome::Present {
                        attachment.outcome = AttachmentOutcome::Dangling;
                    }
                    return Ok(Read { attachment, manifests: Vec::new(), below: None });
                }
                Err(error) => return Err(error),
            },
        };
        let view = raw.view().map_err(Side::Source.failed())?;
        let is_referrer = attachment.found_by == FoundBy::Referrer;
        if is_referrer && view.subject.as_ref().is_none_or(|subject| subject.digest != attachment.subject) {
            attachment.outcome = AttachmentOutcome::Unrelated;
            return Ok(Read { attachment, manifests: Vec::new(), below: None });
        }
        attachment.manifest = raw.descriptor().clone();
        attachment.artifact_type = view.effective_artifact_type().map(str::to_owned);
        if is_referrer {
            attachment.kind = AttachmentKind::of_type(attachment.artifact_type.as_deref(), &view.annotations);
        }
        let below = walk(self.copy, raw, view, self.requests).await?;
        let manifests = below.manifests.iter().map(|one| one.descriptor.digest.clone()).collect();
        Ok(Read { attachment, manifests, below: Some(below) })
    }
}

impl Look<'_, '_> {
    /// An index that a client keeps may list what has been deleted.
    async fn is_there(&self, attachment: &Attachment) -> Result<bool> {
        self.requests.one();
        let what = TagOrDigest::Digest(attachment.manifest.digest.clone());
        let held = absent(self.copy.target.resolve(self.to, &what).await);
        Ok(held.map_err(Side::Target.failed())?.is_some())
    }
}

/// The target has it, nothing is below it, and its type was listed. What older clients list has the type of the empty
/// config in place of its own.
fn is_known(attachment: &Attachment) -> bool {
    attachment.outcome == AttachmentOutcome::Present
        && media_type::is_manifest(&attachment.manifest.media_type)
        && !media_type::is_index(&attachment.manifest.media_type)
        && attachment.artifact_type.as_deref().is_some_and(|kind| kind != media_type::OCI_EMPTY)
}

fn absent<T>(found: lockage_registry::Result<T>) -> lockage_registry::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
