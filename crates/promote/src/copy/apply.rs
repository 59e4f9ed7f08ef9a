//! Applying: blobs, then child manifests, then what is attached, then the tag.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::FutureExt as _;
use futures::stream::StreamExt as _;
use lockage_registry::{
    Body, ByteStream, Descriptor, Digest, ErrorKind, Opened, RawManifest, Repository, Stored, Tag, TagOrDigest,
    Verifier,
};

use super::plan::{PlannedBlob, PlannedManifest};
use super::together::together;
use super::{AttachmentOutcome, CopyPlan, FoundBy, ImageCopy, Outcome, Receipt, Requests, Route, Step};
use crate::observe::Event;
use crate::{Error, Result, Side};

pub(super) async fn apply(copy: &ImageCopy<'_>, plan: &CopyPlan) -> Result<Receipt> {
    if plan.source != copy.from || plan.target.repository() != copy.to.repository() {
        return Err(Error::OtherPlan {
            planned: format!("{} to {}", plan.source, plan.target),
            asked: format!("{} to {}", copy.from, copy.to),
        });
    }
    let work = Work { copy, plan, requests: Requests::default(), steps: Mutex::default(), settled: Mutex::default() };
    match plan.manifests.split_last().filter(|_| plan.route != Route::Present) {
        Some((root, _)) if root.descriptor.digest != plan.root.digest => {
            return Err(Error::broken_plan(&plan.target, &plan.root.digest));
        }
        Some((root, children)) => {
            work.blobs(&plan.blobs, false).await?;
            work.children(children).await?;
            work.root(root).await?;
        }
        None if plan.route != Route::Present => return Err(Error::broken_plan(&plan.target, &plan.root.digest)),
        None => work.bring().await?,
    }
    let settled = work.settled.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Receipt {
        source: plan.source.clone(),
        target: plan.target.clone(),
        digest: plan.root.digest.clone(),
        route: plan.route,
        former: plan.former.clone(),
        requests: plan.requests + work.requests.count(),
        steps: work.steps.into_inner().unwrap_or_else(PoisonError::into_inner),
        attachments: plan.attached.receipt(|one| match &one.found_by {
            FoundBy::Tag(tag) => settled.get(tag).copied().unwrap_or(one.outcome),
            FoundBy::Referrer => one.outcome,
        }),
    })
}

pub(super) struct Work<'c, 'a> {
    pub(super) copy: &'c ImageCopy<'a>,
    pub(super) plan: &'c CopyPlan,
    pub(super) requests: Requests,
    steps: Mutex<Vec<Step>>,
    /// What became of cosign's tags.
    settled: Mutex<HashMap<Tag, AttachmentOutcome>>,
}

impl Work<'_, '_> {
    /// Every blob is at the target, or an error; the first error drops the transfers that are under way.
    pub(super) async fn blobs(&self, blobs: &[PlannedBlob], attached: bool) -> Result<()> {
        let blobs = blobs.iter().map(|planned| self.blob(&planned.descriptor, attached).boxed());
        together(self.copy.concurrency, blobs.collect()).await?;
        Ok(())
    }

    async fn blob(&self, blob: &Descriptor, attached: bool) -> Result<()> {
        let transfer = self.transfer(blob);
        let outcome = self.copy.flights.once(self.to(), &blob.digest, transfer).await?;
        self.done(blob, outcome, attached);
        self.copy.event(&Event::BlobDone { blob, outcome });
        Ok(())
    }

    async fn transfer(&self, blob: &Descriptor) -> Result<Outcome> {
        let from = self.copy.from.repository();
        let mount = self.plan.mounts().then_some(from);
        self.requests.one();
        match self.copy.target.open_blob(self.to(), blob, mount).await.map_err(Side::Target.failed())? {
            Opened::Present => Ok(self.plan.without_upload()),
            Opened::Upload(session) => {
                self.copy.event(&Event::BlobStarted { blob });
                // What breaks while reading is the source's failure, though it surfaces in the target's upload.
                let reading = Reading::default();
                let verifier = Verifier::new(blob).map_err(Side::Source.failed())?;
                let body = Body::replayable(|at| self.read(blob, at, verifier.clone(), reading.clone()).boxed());
                self.requests.one();
                session.complete(body).await.map_err(|error| reading.side().failed()(error))?;
                Ok(Outcome::Uploaded)
            }
        }
    }

    /// The blob from the source, from byte `at` on. Each byte is hashed once as it passes, however often a target that
    /// resumes an upload opens the body.
    async fn read(
        &self,
        blob: &Descriptor,
        at: u64,
        verifier: Verifier,
        reading: Reading,
    ) -> lockage_registry::Result<ByteStream> {
        self.requests.one();
        let opened = self.copy.source.blob(self.copy.from.repository(), blob, at).await;
        let stream = verifier.check(opened.inspect_err(|_| reading.broke())?, at);
        let (observer, blob) = (self.copy.observer.clone(), blob.clone());
        let watched = stream.inspect(move |chunk| match (chunk, &observer) {
            (Ok(chunk), Some(observer)) => {
                observer.event(&Event::BlobMoved { blob: &blob, bytes: chunk.len() as u64 });
            }
            (Ok(_), None) => {}
            // To leave out bytes is the mistake of whoever opened the body there.
            (Err(error), _) if error.kind() == ErrorKind::Invalid => {}
            (Err(_), _) => reading.broke(),
        });
        Ok(watched.boxed())
    }

    /// Children before their parents, a level at a time.
    async fn children(&self, children: &[PlannedManifest]) -> Result<()> {
        for level in children.chunk_by(|a, b| a.height == b.height) {
            let stored = level.iter().map(|child| self.store(child, false).boxed()).collect();
            for (subject, manifest) in together(self.copy.concurrency, stored).await?.into_iter().flatten() {
                self.enter(&subject, &[manifest]).await?;
            }
        }
        Ok(())
    }

    /// Puts a manifest by digest. Gives back what the registry has not entered among the referrers of its subject.
    pub(super) async fn store(
        &self,
        planned: &PlannedManifest,
        attached: bool,
    ) -> Result<Option<(Digest, RawManifest)>> {
        let raw = self.raw(planned).await?;
        let stored = self.put(&raw, &TagOrDigest::Digest(raw.digest().clone())).await?;
        self.done(&planned.descriptor, Outcome::Stored, attached);
        self.copy.event(&Event::ManifestStored { manifest: &planned.descriptor });
        let subject = raw.view().map_err(Side::Source.failed())?.subject.filter(|_| !stored.subject_indexed);
        Ok(subject.map(|subject| (subject.digest, raw)))
    }

    pub(super) async fn put(&self, raw: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        self.requests.one();
        let stored = self.copy.target.put_manifest(self.to(), raw, at).await.map_err(Side::Target.failed())?;
        match stored.digest == *raw.digest() {
            true => Ok(stored),
            false => Err(Error::OtherDigest { reference: Box::new(self.plan.target.clone()), found: stored.digest }),
        }
    }

    /// A plan that was kept as a document has no bytes: they are fetched by digest, and so are the planned ones.
    pub(super) async fn raw(&self, planned: &PlannedManifest) -> Result<RawManifest> {
        if let Some(raw) = &planned.raw {
            return Ok(raw.clone());
        }
        self.requests.one();
        let planned = &planned.descriptor;
        let what = TagOrDigest::Digest(planned.digest.clone());
        let raw = self.copy.source.manifest(self.copy.from.repository(), &what).await;
        raw.and_then(|raw| RawManifest::verified(&planned.media_type, raw.bytes().clone(), &planned.digest))
            .map_err(Side::Source.failed())
    }

    pub(super) fn to(&self) -> &Repository {
        self.plan.target.repository()
    }

    pub(super) fn done(&self, content: &Descriptor, outcome: Outcome, attached: bool) {
        let step = Step { content: content.clone(), outcome, attached };
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }

    pub(super) fn settled(&self, tag: &Tag, outcome: AttachmentOutcome) {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).insert(tag.clone(), outcome);
    }
}

/// Whether the reading end of a transfer has failed.
#[derive(Clone, Debug, Default)]
struct Reading(Arc<AtomicBool>);

impl Reading {
    fn broke(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn side(&self) -> Side {
        if self.0.load(Ordering::Relaxed) { Side::Source } else { Side::Target }
    }
}
