//! Signing: says of an image, by its digest, that it is released, or what is known of it, as cosign writes it.
//!
//! The shortest call is the safest one: both layouts, so that every reader finds a signature, and a digest, so that nobody
//! can move it away under the signature.
//!
//! ```
//! use std::time::SystemTime;
//! use lockage_registry::{Memory, Repository, testing::fixtures};
//! use lockage_signing::{Signer, sign::Signing};
//!
//! # async fn release(key: &dyn Signer) -> Result<(), Box<dyn std::error::Error>> {
//! let registry = Memory::new("registry.example".parse()?);
//! let repo: Repository = "registry.example/app".parse()?;
//! let image = fixtures::image(1);
//! fixtures::push(&registry, &repo, &image, &"v1".parse()?).await?;
//!
//! let signed = Signing::with(key).sign(&registry, &repo, image.root().digest(), SystemTime::now()).await?;
//! assert_eq!(signed.marks.len(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! Claims, the place that the old layout names, and the children of an index are said before:
//!
//! ```
//! # use lockage_signing::{Signer, sign::{Layout, Signing}};
//! # fn with(key: &dyn Signer) {
//! let signing = Signing::with(key)
//!     .claim("env", "prod")
//!     .docker_reference("registry.example/prod/app")
//!     .recursive();
//! # }
//! ```
//!
//! A `Signing` is cheap to clone and is used by many tasks at once. Most of the time of one call is spent waiting for a tag
//! to be quiet (see [`referrers`](lockage_registry::referrers)), so a hundred images at once take little longer than one.

mod bundle;
mod images;
mod layout;
mod legacy;
mod predicate;
mod said;
mod seal;
mod search;
mod signed;
mod task;

use std::collections::BTreeMap;
use std::time::SystemTime;

use futures::stream::{self, StreamExt as _};
use lockage_registry::{Digest, Repository, Target};
use serde_json::Value;

pub use layout::Layout;
pub use predicate::Predicate;
pub use signed::{LeftOut, Mark, Outcome, Signed};

use self::said::Said;
#[cfg(feature = "gate")]
pub(crate) use self::seal::Seal;
#[cfg(not(feature = "gate"))]
use self::seal::Seal;
use self::task::Task;
use crate::policy::Limits;
use crate::{Error, Result, Signer};

/// How many images of an index are signed at a time.
const AT_ONCE: usize = 8;

/// How images are signed: by whom, in which layouts, and what is claimed.
#[derive(Clone, Debug)]
#[must_use]
pub struct Signing<'a> {
    seal: Seal<'a>,
    layout: Layout,
    claims: BTreeMap<String, Value>,
    docker_reference: Option<String>,
    recursive: bool,
    limits: Limits,
}

impl<'a> Signing<'a> {
    /// Signs with a key, in both layouts.
    pub fn with(signer: &'a dyn Signer) -> Self {
        Self::by(Seal::Key(signer))
    }

    /// Signs as whom an identity token names, in both layouts. A log of version 2 cannot fill the old one: it is left out
    /// then, and [`Signed`] says so.
    ///
    /// What is there already is found where `keyless` has a trusted root; without one each call adds a signature.
    #[cfg(feature = "keyless")]
    pub fn keyless(keyless: &'a crate::keyless::Keyless) -> Self {
        Self::by(Seal::Keyless(keyless))
    }

    fn by(seal: Seal<'a>) -> Self {
        Self {
            seal,
            layout: Layout::default(),
            claims: BTreeMap::new(),
            docker_reference: None,
            recursive: false,
            limits: Limits::default(),
        }
    }

    /// Writes this layout.
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Claims this of the image. Attestations have a predicate instead, and do not say it.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// What the old layout says where the image is; the repository unless said otherwise. Bundles do not say it.
    ///
    /// With the whole reference, tag included, podman's default policy takes the signature (`matchRepoDigestOrExact`).
    pub fn docker_reference(mut self, reference: impl Into<String>) -> Self {
        self.docker_reference = Some(reference.into());
        self
    }

    /// Signs every manifest of an index too, those that BuildKit keeps there among them, and before the index.
    pub fn recursive(mut self) -> Self {
        self.recursive = true;
        self
    }

    /// Reads no more than this of what is attached already, and of an index.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Signs the image `digest`, which must be there. What this signer has said already is not said again, so the call can
    /// be repeated, and changes nothing then.
    ///
    /// For each image and layout: what is attached is read; two blobs and a manifest are written, and a tag that others
    /// may write too is waited for (a quarter of a second where nobody does). Both layouts are written at once. `now` is
    /// what the manifest of a bundle has as its date, which nobody should believe.
    ///
    /// # Errors
    /// [`Error::Partly`] where something has been written before it failed; it says what.
    /// [`Error::NotOwn`] for a signer whose signature its own key does not verify. What is attached and cannot be read is
    /// an error and no absence; what is read and is junk is passed over.
    pub async fn sign(
        &self,
        target: &dyn Target,
        repo: &Repository,
        digest: &Digest,
        now: SystemTime,
    ) -> Result<Signed> {
        let said = Said::Released { claims: &self.claims, docker_reference: self.docker_reference.as_deref() };
        self.say(said, target, repo, digest, now).await
    }

    /// Attests `predicate` of the image `digest`, which must be there. Otherwise as [`sign`](Self::sign).
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    pub async fn attest(
        &self,
        target: &dyn Target,
        repo: &Repository,
        digest: &Digest,
        predicate: &Predicate,
        now: SystemTime,
    ) -> Result<Signed> {
        self.say(Said::Attested(predicate), target, repo, digest, now).await
    }

    async fn say(
        &self,
        said: Said<'_>,
        target: &dyn Target,
        repo: &Repository,
        digest: &Digest,
        now: SystemTime,
    ) -> Result<Signed> {
        let without_legacy = self.seal.without_legacy();
        let (layout, left_out) = match (self.layout, without_legacy) {
            (Layout::Legacy, Some(error)) => return Err(error),
            (Layout::Both, Some(error)) => {
                (Layout::Bundle, Some(LeftOut { layout: Layout::Legacy, why: error.to_string() }))
            }
            (layout, _) => (layout, None),
        };
        let children = self.recursive.then_some(self.limits.children);
        let mut marks = Vec::new();
        for level in images::levels(target, repo, digest, children).await? {
            let mut failed = None;
            let mut each = stream::iter(level.into_iter().map(|image| async move {
                let task = Task { target, repo, image: &image, seal: self.seal, limits: self.limits, now };
                write(layout, said, task).await
            }))
            .buffered(AT_ONCE);
            while let Some(results) = each.next().await {
                for result in results {
                    match result {
                        Ok(mark) => marks.push(mark),
                        Err(error) => failed = failed.or(Some(error)),
                    }
                }
            }
            if let Some(error) = failed {
                return Err(Error::after(marks, error));
            }
        }
        Ok(Signed { digest: digest.clone(), marks, left_out })
    }
}

/// Both layouts to their end, whatever becomes of the other.
async fn write(layout: Layout, said: Said<'_>, task: Task<'_>) -> Vec<Result<Mark>> {
    let legacy = async {
        match layout {
            Layout::Both | Layout::Legacy => Some(legacy::write(&task, said).await),
            Layout::Bundle => None,
        }
    };
    let bundle = async {
        match layout {
            Layout::Both | Layout::Bundle => Some(bundle::write(&task, said).await),
            Layout::Legacy => None,
        }
    };
    let (legacy, bundle) = futures::future::join(legacy, bundle).await;
    legacy.into_iter().chain(bundle).collect()
}
