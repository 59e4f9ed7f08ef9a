//! Growing the tree: from the image outwards, each manifest asked for what is attached to it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use lockage_registry::{
    Content, Descriptor, Digest, DigestTag, DigestTagKind, Manifest, Platform, RawManifest, Repository, Source, Tag,
};

use super::parts::{self, Asks};
use super::{Attached, Part, Tree};
use crate::found::{self, Look, Wanted};
use crate::policy::Limits;
use crate::verify::Place;
use crate::{Error, Policy, Result};

/// How deep an index may lie in another, and an attachment be attached to another.
const MAX_DEPTH: usize = 8;
/// How many manifests are looked at at once.
const AT_ONCE: usize = 4;

pub(super) struct Grower<'a> {
    look: Look<'a>,
    asks: Option<Asks<'a>>,
    manifests: AtomicUsize,
}

impl<'a> Grower<'a> {
    pub(super) fn new(
        source: &'a dyn Source,
        repo: &'a Repository,
        limits: &Limits,
        policy: Option<(&'a Policy, SystemTime)>,
    ) -> Self {
        let asks = policy.map(|(policy, now)| Asks { policy, repo, now });
        Self { look: Look::new(source, repo, limits), asks, manifests: AtomicUsize::new(0) }
    }

    pub(super) async fn root(&self, digest: &Digest) -> Result<Tree> {
        self.image(digest.clone(), None, false, 0).await
    }

    /// An image, an index with its children, or one of BuildKit's attestation manifests.
    fn image(
        &self,
        digest: Digest,
        platform: Option<Platform>,
        is_attestation: bool,
        depth: usize,
    ) -> BoxFuture<'_, Result<Tree>> {
        async move {
            let raw = self.look.manifest(&digest).await?;
            let view = raw.view()?;
            self.room(&digest, depth)?;
            let attached = self.attached_to(digest.clone(), Vec::new()).await?;
            let children = view.children().into_iter().map(|child| {
                let platform = child.platform.clone();
                self.image(child.digest.clone(), platform, child.is_attestation(), depth + 1)
            });
            // Boxed and collected: see rust-lang/rust#102211.
            let children: Vec<_> = children.collect();
            let children = stream::iter(children).buffered(AT_ONCE).try_collect().await?;
            let parts = if is_attestation { self.embedded(&view).await? } else { Vec::new() };
            let Descriptor { media_type, size, .. } = raw.descriptor().clone();
            Ok(Tree { digest, media_type, size, platform, attached, parts, children })
        }
        .boxed()
    }

    /// What BuildKit says of an image, unsigned.
    async fn embedded(&self, view: &Manifest) -> Result<Vec<Part>> {
        let mut parts = Vec::new();
        for layer in found::statements(view).into_iter().take(self.look.limits.candidates) {
            let document = self.look.document(&layer, 1).await?;
            let place = Place::Manifest { digest: layer.digest };
            let mut part = Part::plain(place, "unsigned statement");
            match crate::format::Statement::parse(&document) {
                Ok(statement) => part.predicate_type = Some(statement.predicate_type.to_string()),
                Err(error) => part.problem = Some(error.to_string()),
            }
            parts.push(part);
        }
        Ok(parts)
    }

    /// What is under cosign's tags and among the referrers, `above` being what led here.
    fn attached_to(&self, subject: Digest, above: Vec<Digest>) -> BoxFuture<'_, Result<Vec<Attached>>> {
        async move {
            let mut jobs: Vec<BoxFuture<'_, Result<Option<Attached>>>> = Vec::new();
            for kind in [DigestTagKind::Signature, DigestTagKind::Attestation, DigestTagKind::Sbom] {
                jobs.push(self.tagged(subject.clone(), kind, above.clone()).boxed());
            }
            let listed = self.look.source.referrers(self.look.repo, &subject, None).await?;
            if listed.len() > self.look.limits.candidates {
                return Err(self.too_much(&subject, "referrers", self.look.limits.candidates));
            }
            for entry in found::distinct(listed) {
                jobs.push(self.referrer(subject.clone(), entry, above.clone()).map(|done| done.map(Some)).boxed());
            }
            let found: Vec<_> = stream::iter(jobs).buffered(AT_ONCE).try_collect().await?;
            Ok(found.into_iter().flatten().collect())
        }
        .boxed()
    }

    async fn tagged(&self, subject: Digest, kind: DigestTagKind, above: Vec<Digest>) -> Result<Option<Attached>> {
        let tag = DigestTag::new(&subject, kind).to_tag();
        let Some(raw) = self.look.tagged(&tag).await? else { return Ok(None) };
        let found = match kind {
            DigestTagKind::Signature => Some(Wanted::Signatures),
            DigestTagKind::Attestation => Some(Wanted::Attestations),
            _ => None,
        };
        let view = raw.view();
        let layers = view.as_ref().map(layers).unwrap_or_default();
        if layers.len() > self.look.limits.candidates {
            return Err(self.too_much(raw.digest(), "layers", self.look.limits.candidates));
        }
        let parts = match found {
            Some(wanted) => {
                let found = found::under_tag(&self.look, &raw, &tag, wanted).await;
                parts::of(found, &subject, self.asks).await?
            }
            None => plain(&layers, Some(&tag)),
        };
        self.finish(subject, raw, view, Some(tag), parts, above).await.map(Some)
    }

    async fn referrer(&self, subject: Digest, entry: Descriptor, above: Vec<Digest>) -> Result<Attached> {
        let raw = match self.look.manifest(&entry.digest).await {
            Ok(raw) => raw,
            Err(Error::Registry(error)) if error.is_not_found() => {
                let Descriptor { digest, media_type, size, artifact_type, .. } = entry;
                let problem = Some("it is listed, and it is not there".to_owned());
                let (parts, attached) = (Vec::new(), Vec::new());
                return Ok(Attached { digest, media_type, size, artifact_type, tag: None, problem, parts, attached });
            }
            Err(error) => return Err(error),
        };
        let view = raw.view();
        let parts = match &view {
            Ok(view) => match found::in_manifest(&self.look, raw.digest(), view).await {
                Some(found) => parts::of(found, &subject, self.asks).await?,
                None => plain(&layers(view), None),
            },
            Err(_) => Vec::new(),
        };
        self.finish(subject, raw, view, None, parts, above).await
    }

    /// What is attached in turn, unless it is not what it seems.
    async fn finish(
        &self,
        subject: Digest,
        raw: RawManifest,
        view: lockage_registry::Result<Manifest>,
        tag: Option<Tag>,
        parts: Vec<Part>,
        mut above: Vec<Digest>,
    ) -> Result<Attached> {
        self.room(raw.digest(), above.len())?;
        let Descriptor { digest, media_type, size, .. } = raw.descriptor().clone();
        above.push(subject.clone());
        let (artifact_type, problem) = match &view {
            Err(error) => (None, Some(error.to_string())),
            Ok(view) => {
                let said = view.subject.as_ref().map(|subject| &subject.digest);
                let problem = match said {
                    // A tag says by its name what it is about; a referrer says it itself.
                    _ if above.contains(&digest) => Some("it is what it is attached to".to_owned()),
                    _ if tag.is_some() => None,
                    Some(said) if *said == subject => None,
                    Some(said) => Some(format!("it is listed here, and refers to {said}")),
                    None => Some("it is listed here, and refers to nothing".to_owned()),
                };
                (view.effective_artifact_type().map(str::to_owned), problem)
            }
        };
        let attached = match &problem {
            Some(_) => Vec::new(),
            None => self.attached_to(digest.clone(), above).await?,
        };
        Ok(Attached { digest, media_type, size, artifact_type, tag, problem, parts, attached })
    }

    /// One manifest more.
    fn room(&self, digest: &Digest, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(self.too_much(digest, "levels", MAX_DEPTH));
        }
        let limit = self.look.limits.children;
        match self.manifests.fetch_add(1, Ordering::Relaxed) >= limit {
            true => Err(self.too_much(digest, "manifests", limit)),
            false => Ok(()),
        }
    }

    fn too_much(&self, digest: &Digest, what: &str, limit: usize) -> Error {
        Error::TooMuch {
            place: self.look.place(digest),
            what: format!("more {what} than are looked at"),
            limit: u64::try_from(limit).unwrap_or(u64::MAX),
        }
    }
}

fn layers(view: &Manifest) -> Vec<Descriptor> {
    match &view.content {
        Content::Image { layers, .. } => layers.clone(),
        Content::Artifact { blobs } => blobs.clone(),
        _ => Vec::new(),
    }
}

/// Documents of other kinds, by their media types.
fn plain(layers: &[Descriptor], tag: Option<&Tag>) -> Vec<Part> {
    let place = |layer: &Descriptor| match tag {
        Some(tag) => Place::Legacy { tag: tag.clone(), layer: layer.digest.clone() },
        None => Place::Manifest { digest: layer.digest.clone() },
    };
    layers.iter().map(|layer| Part::plain(place(layer), layer.media_type.clone())).collect()
}
