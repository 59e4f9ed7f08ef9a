//! `OciLayout`: a registry on disk, one OCI image layout a repository.

pub(crate) mod disk;
mod entry;
mod index;
mod ports;
mod read;
mod repository;
mod root;
mod upload;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockage_tagging::{Host, Repository};

use crate::{
    Result,
    backend::{self, Missing},
};
use repository::Layout;
use root::Root;

/// A registry in a directory, in which each repository is an OCI image layout (image-spec, "OCI Image Layout").
///
/// The repository `team/app` is the layout at `DIR/team/app`, which oras, skopeo and the like can read and write: with
/// skopeo, `registry.test/team/app:v1` is `oci:DIR/team/app:v1`. A component that has the name of a part of a layout
/// (`blobs`, `index.json`, `oci-layout`) is written with `_` before it, as `DIR/team/_blobs`.
///
/// * A layout's `index.json` lists every manifest that was put, under its exact media type; an entry whose
///   `org.opencontainers.image.ref.name` is a tag is that tag. What other tools wrote there is kept.
/// * A manifest that `index.json` does not list, but that is among the blobs, is found by its digest, as the children
///   of an index that another tool copied are.
/// * Content that several repositories have is stored once: `DIR/_pool` and the layouts hold hard links to one file,
///   or copies where the file system has no hard links.
/// * What is written is complete and on the disk before it gets its name. Whoever is killed at any point leaves
///   a directory that can be read, and at worst a file that nothing needs: in `DIR/_uploads`, which is swept after
///   a day, or in `DIR/_pool`, where the same content is found again.
///
/// Manifests of more than [`RawManifest::MAX_BYTES`](crate::RawManifest::MAX_BYTES) are refused. Any number of tasks
/// may use one directory, through clones or through several `open`s, and so may any number of processes: whoever
/// writes an `index.json` holds a lock of the operating system in `DIR/_locks` for as long as that takes, a few
/// milliseconds on a disk, and whoever writes to the same repository waits. Where the file system has no locks, nothing
/// is written; readers need none. Tools that know nothing of the lock must not write meanwhile. It needs a tokio
/// runtime.
///
/// ```
/// use lockage_registry::{OciLayout, RawManifest, Reference, Source, TagOrDigest, Target};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let dir = tempfile::tempdir()?;
/// let registry = OciLayout::open(dir.path(), "registry.test".parse()?)?;
/// let app: Reference = "registry.test/app:v1".parse()?;
/// let at = TagOrDigest::of(&app);
///
/// let empty = RawManifest::new("application/vnd.oci.image.index.v1+json", r#"{"manifests":[]}"#.into())?;
/// registry.put_manifest(app.repository(), &empty, &at).await?;
/// assert!(dir.path().join("app/index.json").is_file());
/// assert_eq!(registry.resolve(app.repository(), &at).await?.digest, *empty.digest());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct OciLayout {
    host: Host,
    /// As it was given; the root has it in full.
    dir: PathBuf,
    missing: Missing,
    root: Arc<Root>,
}

impl OciLayout {
    /// The registry in `dir`, which is made if there is none, that answers for repositories of this host.
    ///
    /// It blocks for the few calls that this takes, and writes nothing into a directory that exists.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) where the directory can be neither found nor made.
    pub fn open(dir: impl AsRef<Path>, host: Host) -> Result<Self> {
        let dir = dir.as_ref();
        Ok(Self { host, dir: dir.to_owned(), missing: Missing::default(), root: Root::open(dir)? })
    }

    /// Takes manifests also while something that they point at is missing. Unless that is asked for, they are refused.
    #[must_use]
    pub fn sparse(mut self) -> Self {
        self.missing = Missing::Accepted;
        self
    }

    /// The host that it answers for.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn layout(&self, operation: &'static str, repo: &Repository) -> Result<Layout> {
        backend::answers_for(&self.host, operation, repo)?;
        Ok(Layout::new(Arc::clone(&self.root), repo.clone()))
    }
}

impl fmt::Debug for OciLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OciLayout").field("host", &self.host).field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl fmt::Display for OciLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layout {}", self.dir.display())
    }
}
