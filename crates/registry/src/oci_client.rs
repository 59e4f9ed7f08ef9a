//! `OciClient`: the ports over an `oci_client::Client` that an application already holds.

mod blob;
mod call;
mod reference;
mod referrers;
mod tags;

use std::collections::HashMap;
use std::fmt;

use ::oci_client::client::Client;
use ::oci_client::secrets::RegistryAuth;
use async_trait::async_trait;
use futures::stream::BoxStream;
use lockage_tagging::{Algorithm, Digest, Host, Repository, Tag};

use crate::{
    ByteStream, Descriptor, Error, ErrorKind, Opened, Prune, RawManifest, Result, Source, Stored, TagOrDigest, Target,
    hash, media_type,
};
use call::call;

/// Reads and writes through an [`oci_client::Client`](Client), with its connections, certificates and tokens.
///
/// It is for applications that hold such a client and want to promote with it. Whoever does not is better served by
/// this crate's own transport, which has none of the shortfalls below. It needs a running tokio, as the client does.
///
/// ```
/// use lockage_registry::OciClient;
/// use oci_client::{Client, secrets::RegistryAuth};
///
/// let registry = OciClient::new(Client::default(), RegistryAuth::Anonymous)
///     .with_auth("ghcr.io".parse()?, RegistryAuth::Basic("robot".into(), "token".into()));
/// assert_eq!(registry.to_string(), "oci-client");
/// # Ok::<(), lockage_registry::NameError>(())
/// ```
///
/// # What falls short
///
/// The client keeps to itself what the ports need in some places. What can be detected is made an error and what can
/// be asked for in another way is, at the price of a request; the rest is here. The capabilities are those of
/// `testing::conformance`, which checks that each shortfall is still there.
///
/// | what | why | capability |
/// |---|---|---|
/// | No manifest can be deleted: `Unsupported`. | The client has no DELETE. | `DeleteManifest` |
/// | No tag can be deleted: `Unsupported`. | The client has no DELETE. | `DeleteTag` |
/// | [`Stored::subject_indexed`] is always false, so that the fallback tag is kept even where the registry has the referrers API: redundant and harmless. | It drops the header `OCI-Subject`. | `SubjectIndexed` |
/// | The media type of a manifest is read out of its bytes. One that names none is taken for OCI's, whatever the registry said. | It drops the header `Content-Type`. | `DeclaredMediaType` |
///
/// What no check can see:
///
/// * [`resolve`](Source::resolve) fetches the manifest, and [`stat_blob`](Source::stat_blob) begins to fetch the blob
///   and hangs up: its HEAD gives neither type nor size.
/// * A list of referrers that the registry serves in pages is cut after the first page: the client does not follow
///   the header `Link`.
/// * An empty list of referrers is believed only after the fallback tag was looked for once more, because the client
///   takes every refusal of that tag, a rate limit included, for "there are none".
/// * Where a blob cannot be mounted, one request asks whether it is there and another begins the upload; the session
///   that the registry opened for the mount is left to expire.
/// * A refusal between 400 and 499 comes without its status: one whose body has none of the specification's codes is
///   `Rejected`, even if it was a 404.
/// * Nothing is retried, `Retry-After` is lost, and there is no time limit but those of the client's configuration.
/// * A bearer token covers one repository, so that a registry which wants the right to read the other one refuses to
///   mount: the blob is uploaded.
/// * Set `use_monolithic_push` in the client's configuration where you can. Without it an upload is one PATCH for
///   each 4 MiB, which some registries refuse.
/// * The first credentials that a client is given for a registry are kept for its lifetime: clones share them.
#[derive(Clone)]
pub struct OciClient {
    client: Client,
    auth: RegistryAuth,
    by_host: HashMap<Host, RegistryAuth>,
}

impl OciClient {
    /// Uses `client`, and the credentials `auth` for every registry that has no others.
    #[must_use]
    pub fn new(client: Client, auth: RegistryAuth) -> Self {
        Self { client, auth, by_host: HashMap::new() }
    }

    /// Uses the credentials `auth` for the registry at `host`.
    #[must_use]
    pub fn with_auth(mut self, host: Host, auth: RegistryAuth) -> Self {
        self.by_host.insert(host, auth);
        self
    }

    /// The wrapped client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    fn auth_for(&self, host: &Host) -> &RegistryAuth {
        self.by_host.get(host).unwrap_or(&self.auth)
    }

    /// Gives the client its credentials, which most of its methods would go without; the name it is to use after.
    async fn ready(&self, upstream: ::oci_client::Reference, host: &Host) -> ::oci_client::Reference {
        self.client.store_auth_if_needed(upstream.resolve_registry(), self.auth_for(host)).await;
        upstream
    }

    async fn at(&self, repo: &Repository, what: &TagOrDigest) -> ::oci_client::Reference {
        self.ready(reference::at(repo, what), repo.host()).await
    }

    async fn pull(&self, operation: &'static str, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        let (at, auth) = (self.at(repo, what).await, self.auth_for(repo.host()));
        let pulled = self.client.pull_manifest_raw(&at, auth, &media_type::MANIFESTS);
        let (bytes, _) = call(operation, what.after(repo), pulled).await?;
        // What the client checked is not relied on: it lets an unknown algorithm in the header pass.
        let sniffed = RawManifest::sniff_media_type(&bytes)
            .map_err(|e| Error::new(e.kind(), operation, what.after(repo)).with_source(e))?;
        match what {
            TagOrDigest::Digest(digest) => RawManifest::verified(sniffed, bytes, digest),
            TagOrDigest::Tag(_) => RawManifest::new(sniffed, bytes),
        }
    }
}

impl fmt::Debug for OciClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `RegistryAuth` hides its secrets by itself, and the client cannot be printed.
        f.debug_struct("OciClient").field("auth", &self.auth).field("by_host", &self.by_host).finish_non_exhaustive()
    }
}

impl fmt::Display for OciClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("oci-client")
    }
}

#[async_trait]
impl Source for OciClient {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        self.pull("resolve", repo, what).await.map(|manifest| manifest.descriptor().clone())
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        self.pull("pull manifest", repo, what).await
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        self.size_of(repo, blob).await
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        self.read(repo, blob, from).await
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        self.list(repo)
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        self.attached(repo, subject, artifact_type).await
    }
}

#[async_trait]
impl Target for OciClient {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        let operation = "push manifest";
        // Not left to the registry: the client does not read the digest that it answers.
        if let TagOrDigest::Digest(digest) = at {
            RawManifest::verified(manifest.media_type(), manifest.bytes().clone(), digest)?;
        }
        let Ok(media_type) = manifest.media_type().parse() else {
            return Err(Error::new(ErrorKind::Invalid, operation, at.after(repo))
                .with_message(format_args!("{:?} is no media type", manifest.media_type())));
        };
        let upstream = self.ready(reference::for_put(repo, at), repo.host()).await;
        let put = self.client.push_manifest_raw(&upstream, manifest.bytes().clone(), media_type);
        let location = call(operation, at.after(repo), put).await?;
        agrees(operation, repo, at, manifest, &location)?;
        let digest = at.digest().unwrap_or(manifest.digest());
        Ok(Stored::new(digest.clone(), false))
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        self.open(repo, blob, from).await
    }
}

#[async_trait]
impl Prune for OciClient {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        Err(no_delete("delete manifest", format_args!("{repo}@{digest}")))
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        Err(no_delete("delete tag", format_args!("{repo}:{tag}")))
    }
}

fn no_delete(operation: &'static str, subject: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Unsupported, operation, subject)
        .with_message("the crate oci-client cannot delete")
        .with_remedy("Use this crate's own client for what is to be deleted.")
}

/// Many registries end the Location of a manifest with its digest; it had better be the right one.
fn agrees(
    operation: &'static str,
    repo: &Repository,
    at: &TagOrDigest,
    manifest: &RawManifest,
    location: &str,
) -> Result<()> {
    let path = location.split('?').next().unwrap_or_default();
    let Some(stored) = path.rsplit('/').next().and_then(|name| name.parse::<Digest>().ok()) else { return Ok(()) };
    let algorithm = stored.algorithm();
    if !matches!(algorithm, Algorithm::Sha256 | Algorithm::Sha512) {
        return Ok(());
    }
    let expected = hash::digest_of(algorithm, manifest.bytes())?;
    if stored == expected {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Protocol, operation, at.after(repo))
        .with_message(format_args!("{expected} was sent, and the registry says that it stored {stored}")))
}
