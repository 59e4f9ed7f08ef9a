//! `Claim`: a tag that says who wants a lease, since when, and until when.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use lockage_registry::{
    Algorithm, Descriptor, Error, ErrorKind, RawManifest, Registry, Repository, Result, Tag, TagOrDigest, digest_of,
    empty, media_type,
};
use serde_json::json;

const ARTIFACT_TYPE: &str = "application/vnd.lockage.lease.v1+json";
const UNTIL: &str = "dev.lockage.lease.until";
const HOLDER: &str = "dev.lockage.lease.holder";
const KEY: &str = "dev.lockage.lease.key";

const AT_ONCE: usize = 8;

/// Who wants a lease. Its tag never changes; until when it holds does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// `lease-<key>-<milliseconds>-<nonce>`, which is in the order of time; of one time, in any.
    pub(super) ticket: Tag,
    pub(super) key: String,
    pub(super) holder: String,
    pub(super) until: SystemTime,
}

/// The claims of a repository.
pub(super) struct Claims {
    registry: Arc<dyn Registry>,
    repository: Repository,
    /// Those that ended long ago, and are still there.
    ended: Mutex<BTreeSet<Tag>>,
}

impl Claim {
    pub(super) fn new(key: &str, holder: &str, now: SystemTime, nonce: u64, until: SystemTime) -> Result<Self> {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let text = format!("{}{since:015}-{nonce:016x}", prefix(key)?);
        let ticket =
            text.parse::<Tag>().map_err(|e| Error::new(ErrorKind::Invalid, "name claim", &text).with_source(e))?;
        Ok(Self { ticket, key: key.to_owned(), holder: holder.to_owned(), until })
    }

    fn manifest(&self, config: &Descriptor) -> Result<RawManifest> {
        let until = Timestamp::try_from(self.until)
            .map_err(|e| Error::new(ErrorKind::Invalid, "write claim", &self.ticket).with_source(e))?;
        let document = json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_MANIFEST,
            "artifactType": ARTIFACT_TYPE,
            "config": config,
            "layers": [config],
            // The ticket makes every claim a manifest of its own, which can be deleted by its digest.
            "annotations": { UNTIL: until.to_string(), HOLDER: self.holder, KEY: self.key, "dev.lockage.lease.ticket": self.ticket },
        });
        RawManifest::new(media_type::OCI_MANIFEST, document.to_string().into())
    }

    fn parse(ticket: Tag, raw: &RawManifest) -> Result<Self> {
        let annotations = raw.view()?.annotations;
        let said = |name: &str| annotations.get(name).cloned().unwrap_or_default();
        // What nobody can read may be held: it is told, and neither passed over nor waited for.
        let until = said(UNTIL).parse::<Timestamp>().map_err(|e| {
            Error::new(ErrorKind::Protocol, "read claim", &ticket).with_source(e).with_remedy("Delete this tag.")
        })?;
        Ok(Self { ticket, key: said(KEY), holder: said(HOLDER), until: until.into() })
    }
}

fn prefix(key: &str) -> Result<String> {
    let digest = digest_of(Algorithm::Sha256, key.as_bytes())?;
    Ok(format!("lease-{}-", digest.hex().get(..24).unwrap_or_default()))
}

impl Claims {
    pub(super) fn new(registry: Arc<dyn Registry>, repository: Repository) -> Self {
        Self { registry, repository, ended: Mutex::default() }
    }

    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// One PUT; where the registry lacks the empty blob, or says so, more of them (see [`empty::put`]).
    pub(super) async fn put(&self, claim: &Claim) -> Result<()> {
        let manifest = claim.manifest(&empty::descriptor()?)?;
        let at = TagOrDigest::Tag(claim.ticket.clone());
        empty::put(&self.registry, &self.repository, &manifest, &at).await.map(|_| ())
    }

    pub(super) async fn is_there(&self, claim: &Claim) -> Result<bool> {
        match self.registry.resolve(&self.repository, &TagOrDigest::Tag(claim.ticket.clone())).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The claims for `key` that have not ended at `now`, but for `own`.
    pub(super) async fn list(&self, key: &str, own: &Claim, now: SystemTime, skew: Duration) -> Result<Vec<Claim>> {
        let prefix = prefix(key)?;
        let listed: Vec<Tag> = self.registry.tags(&self.repository).try_collect().await?;
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let others = listed
            .into_iter()
            .filter(|tag| tag.as_str().starts_with(&prefix) && *tag != own.ticket && !ended.contains(tag));
        let read = stream::iter(others).map(|ticket| self.read(ticket)).buffered(AT_ONCE);
        let read: Vec<Option<Claim>> = read.try_collect().await?;
        let mut others = Vec::new();
        for claim in read.into_iter().flatten() {
            if now < claim.until + skew {
                others.push(claim);
                continue;
            }
            self.ended.lock().unwrap_or_else(PoisonError::into_inner).insert(claim.ticket.clone());
            // Who left it will not: it was killed, or the registry deletes nothing.
            drop(self.registry.delete_tag(&self.repository, &claim.ticket).await);
        }
        Ok(others)
    }

    async fn read(&self, ticket: Tag) -> Result<Option<Claim>> {
        match self.registry.manifest(&self.repository, &TagOrDigest::Tag(ticket.clone())).await {
            // It is being given back.
            Ok(raw) if raw.view()?.artifact_type.as_deref() == Some(media_type::DELETED_TAG) => Ok(None),
            Ok(raw) => Claim::parse(ticket, &raw).map(Some),
            // It was given back since it was listed.
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes a claim away; where tags cannot be deleted, by its digest; where nothing can, it is made to have ended.
    pub(super) async fn remove(&self, claim: &Claim) -> Result<()> {
        let at = TagOrDigest::Tag(claim.ticket.clone());
        match self.registry.delete_tag(&self.repository, &claim.ticket).await {
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            other => return other,
        }
        let digest = match self.registry.resolve(&self.repository, &at).await {
            Ok(held) => held.digest,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error),
        };
        match self.registry.delete_manifest(&self.repository, &digest).await {
            Err(error) if !error.is_not_found() => {
                self.put(&Claim { until: SystemTime::UNIX_EPOCH, ..claim.clone() }).await
            }
            _ => Ok(()),
        }
    }
}
