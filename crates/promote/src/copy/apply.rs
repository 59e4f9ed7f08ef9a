//! Applying: blobs, then child manifests, then the tag.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::FutureExt as _;
use futures::stream::StreamExt as _;
use lockage_registry::{Body, ByteStream, Descriptor, Opened, RawManifest, Repository, TagOrDigest, verified};

use super::plan::PlannedManifest;
use super::together::together;
use super::{Attachments, CopyPlan, ImageCopy, Outcome, Receipt, Requests, Route, Step};
use crate::observe::Event;
use crate::{Error, Result, Side};

pub(super) async fn apply(copy: &ImageCopy<'_>, plan: &CopyPlan) -> Result<Receipt> {
    if plan.source != copy.from || plan.target.repository() != copy.to.repository() {
        return Err(Error::OtherPlan {
            planned: format!("{} to {}", plan.source, plan.target),
            asked: format!("{} to {}", copy.from, copy.to),
        });
    }
    let work = Work { copy, plan, requests: Requests::default(), steps: Mutex::default() };
    if plan.route != Route::Present {
        work.blobs().await?;
        work.manifests().await?;
    }
    Ok(Receipt {
        source: plan.source.clone(),
        target: plan.target.clone(),
        digest: plan.root.digest.clone(),
        route: plan.route,
        former: plan.former.clone(),
        requests: plan.requests + work.requests.count(),
        steps: work.steps.into_inner().unwrap_or_else(PoisonError::into_inner),
        attachments: if copy.attachments { Attachments::NotLookedFor } else { Attachments::LeftBehind },
    })
}

struct Work<'c, 'a> {
    copy: &'c ImageCopy<'a>,
    plan: &'c CopyPlan,
    requests: Requests,
    steps: Mutex<Vec<Step>>,
}

impl Work<'_, '_> {
    /// Every blob is at the target, or an error; the first error drops the transfers that are under way.
    async fn blobs(&self) -> Result<()> {
        let blobs = self.plan.blobs.iter().map(|planned| self.blob(&planned.descriptor).boxed());
        together(self.copy.concurrency, blobs.collect()).await?;
        Ok(())
    }

    async fn blob(&self, blob: &Descriptor) -> Result<()> {
        let transfer = self.transfer(blob);
        let outcome = self.copy.flights.once(self.to(), &blob.digest, transfer).await?;
        self.done(blob, outcome);
        self.copy.event(&Event::BlobDone { blob, outcome });
        Ok(())
    }

    async fn transfer(&self, blob: &Descriptor) -> Result<Outcome> {
        let from = self.copy.from.repository();
        let mount = (self.plan.route == Route::Mount).then_some(from);
        self.requests.one();
        match self.copy.target.open_blob(self.to(), blob, mount).await.map_err(Side::Target.failed())? {
            Opened::Present => Ok(self.plan.without_upload()),
            Opened::Upload(session) => {
                self.copy.event(&Event::BlobStarted { blob });
                // What breaks while reading is the source's failure, though it surfaces in the target's upload.
                let reading = Reading::default();
                let body = Body::replayable(|at| self.read(blob, at, reading.clone()).boxed());
                self.requests.one();
                session.complete(body).await.map_err(|error| reading.side().failed()(error))?;
                Ok(Outcome::Uploaded)
            }
        }
    }

    /// The blob from the source, hashed as it passes. A part of one cannot be hashed here; the target checks the whole.
    async fn read(&self, blob: &Descriptor, at: u64, reading: Reading) -> lockage_registry::Result<ByteStream> {
        self.requests.one();
        let opened = self.copy.source.blob(self.copy.from.repository(), blob, at).await;
        let opened = opened.and_then(|stream| if at == 0 { verified(stream, blob) } else { Ok(stream) });
        let stream = opened.inspect_err(|_| reading.broke())?;
        let (observer, blob) = (self.copy.observer.clone(), blob.clone());
        let watched = stream.inspect(move |chunk| match (chunk, &observer) {
            (Ok(chunk), Some(observer)) => {
                observer.event(&Event::BlobMoved { blob: &blob, bytes: chunk.len() as u64 });
            }
            (Ok(_), None) => {}
            (Err(_), _) => reading.broke(),
        });
        Ok(watched.boxed())
    }

    /// Children before their parents: a level at a time, and the root alone, under the tag.
    async fn manifests(&self) -> Result<()> {
        let Some((root, children)) = self.plan.manifests.split_last() else { return Ok(()) };
        for level in children.chunk_by(|a, b| a.height == b.height) {
            let stored = level.iter().map(|child| {
                let at = TagOrDigest::Digest(child.descriptor.digest.clone());
                self.store(child, at).boxed()
            });
            together(self.copy.concurrency, stored.collect()).await?;
        }
        self.store(root, self.plan.at()).await?;
        self.copy.event(&Event::TagMoved { from: self.plan.former.as_ref(), to: &self.plan.root.digest });
        Ok(())
    }

    async fn store(&self, planned: &PlannedManifest, at: TagOrDigest) -> Result<()> {
        let manifest = match &planned.raw {
            Some(raw) => raw.clone(),
            None => self.fetch(&planned.descriptor).await?,
        };
        self.requests.one();
        let stored = self.copy.target.put_manifest(self.to(), &manifest, &at).await.map_err(Side::Target.failed())?;
        if stored.digest != planned.descriptor.digest {
            return Err(Error::OtherDigest { reference: Box::new(self.plan.target.clone()), found: stored.digest });
        }
        self.done(&planned.descriptor, Outcome::Stored);
        self.copy.event(&Event::ManifestStored { manifest: &planned.descriptor });
        Ok(())
    }

    /// A plan that was kept as a document has no bytes: they are fetched by digest, and so are the planned ones.
    async fn fetch(&self, planned: &Descriptor) -> Result<RawManifest> {
        self.requests.one();
        let what = TagOrDigest::Digest(planned.digest.clone());
        let raw = self.copy.source.manifest(self.copy.from.repository(), &what).await;
        raw.and_then(|raw| RawManifest::verified(&planned.media_type, raw.bytes().clone(), &planned.digest))
            .map_err(Side::Source.failed())
    }

    fn to(&self) -> &Repository {
        self.plan.target.repository()
    }

    fn done(&self, content: &Descriptor, outcome: Outcome) {
        let step = Step { content: content.clone(), outcome };
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step);
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
