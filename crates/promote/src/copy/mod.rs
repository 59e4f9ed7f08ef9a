//! The copy engine: the same bytes, from one repository to another, the tag last.

mod apply;
mod flight;
mod plan;
mod receipt;
mod survey;
mod together;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lockage_registry::{Platform, Reference, Source, Target};

pub use flight::Flights;
pub use plan::{CopyPlan, Route};
pub use receipt::{Attachments, Outcome, Receipt, Step};

use crate::{Event, Observer, Result};

/// How many blobs or manifests of one image are on their way at once.
const CONCURRENCY: usize = 8;

/// One image on its way from a source to a target: planned by reads only, then applied.
///
/// The digest is resolved once, while planning; manifests are passed on as the bytes that they came as; each blob is
/// hashed once as it passes; and the tag is written last, so that after any failure it holds its old value or the
/// complete new one.
///
/// Requests, for M manifests and B distinct blobs, without authentication: 2 where the image is there already; 3 within
/// a repository; 2M+B+1 within a registry, and no byte of a blob; 3B+2M+1 across registries at most. One more where the
/// tag held another image.
///
/// ```
/// use lockage_promote::ImageCopy;
/// # use lockage_registry::{Memory, RawManifest, Reference, Target, TagOrDigest};
/// # futures::executor::block_on(async {
/// # let dev = Memory::new("dev.test".parse()?);
/// # let prod = Memory::new("prod.test".parse()?);
/// # let staged: Reference = "dev.test/app:pr-42".parse()?;
/// # let empty = RawManifest::new("application/vnd.oci.image.index.v1+json", r#"{"manifests":[]}"#.into())?;
/// # dev.put_manifest(staged.repository(), &empty, &TagOrDigest::of(&staged)).await?;
/// let copy = ImageCopy::new(&dev, &staged).to(&prod, &"prod.test/app:v1".parse()?);
/// let plan = copy.plan().await?;
/// let receipt = copy.apply(&plan).await?;
/// assert_eq!(receipt.digest(), plan.digest());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
#[must_use]
pub struct ImageCopy<'a> {
    source: &'a dyn Source,
    from: Reference,
    target: &'a dyn Target,
    to: Reference,
    platform: Option<Platform>,
    concurrency: usize,
    flights: Flights,
    observer: Option<Arc<dyn Observer>>,
    attachments: bool,
}

/// A copy that does not say yet where to.
#[derive(Clone)]
#[must_use]
pub struct CopyFrom<'a> {
    source: &'a dyn Source,
    from: Reference,
}

impl<'a> ImageCopy<'a> {
    /// Copies the image that `from` names at `source`: by its digest, else by its tag, else by `latest`.
    #[allow(clippy::new_ret_no_self, reason = "a copy has two sides, and the first alone is not one yet")]
    pub fn new(source: &'a dyn Source, from: &Reference) -> CopyFrom<'a> {
        CopyFrom { source, from: from.clone() }
    }

    /// Copies the child manifest for this platform alone, under its own digest, in place of the whole index.
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// How many blobs or manifests may be on their way at once; 8 unless said otherwise, and at least one.
    pub fn concurrency(mut self, most: usize) -> Self {
        self.concurrency = most.max(1);
        self
    }

    /// Shares transfers with other copies, so that a blob that two of them need is moved once.
    pub fn sharing(mut self, flights: &Flights) -> Self {
        self.flights = flights.clone();
        self
    }

    /// Leaves behind what is attached to the image: signatures, attestations, SBOMs.
    pub fn without_attachments(mut self) -> Self {
        self.attachments = false;
        self
    }

    /// Tells `observer` of every step.
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Looks, without writing, what has to be done.
    ///
    /// # Errors
    /// [`Error`](crate::Error): anything that would keep the copy from being whole, such as a child of an index that
    /// the source does not have.
    pub async fn plan(&self) -> Result<CopyPlan> {
        survey::plan(self).await
    }

    /// Asks the target for each blob of the plan, so that a plan that is shown can say what it will move: one request
    /// a blob.
    ///
    /// # Errors
    /// [`Error`](crate::Error) where the target cannot be asked.
    pub async fn foresee(&self, plan: &mut CopyPlan) -> Result<()> {
        survey::foresee(self, plan).await
    }

    /// Does what the plan says: blobs, child manifests, and the tag last. Done again, it does only what is missing.
    ///
    /// # Errors
    /// [`Error`](crate::Error); the tag then holds what it held before, except where the very answer to its own PUT
    /// was lost.
    pub async fn apply(&self, plan: &CopyPlan) -> Result<Receipt> {
        apply::apply(self, plan).await
    }

    /// The reference of the source.
    #[must_use]
    pub fn from(&self) -> &Reference {
        &self.from
    }

    /// The reference of the target, as it was given.
    #[must_use]
    pub fn target(&self) -> &Reference {
        &self.to
    }

    /// The source, to read from.
    #[must_use]
    pub fn source(&self) -> &'a dyn Source {
        self.source
    }

    fn event(&self, event: &Event<'_>) {
        if let Some(observer) = &self.observer {
            observer.event(event);
        }
    }

    /// True where source and target are one and the same object, so that what the one holds the other does.
    fn is_one_registry(&self) -> bool {
        std::ptr::addr_eq(self.source, self.target)
    }
}

impl<'a> CopyFrom<'a> {
    /// To `to` at `target`. A reference without a tag takes the source's.
    ///
    /// Where source and target are one object (`&client` twice), a copy within one repository moves only the tag. Blobs
    /// are mounted wherever both references name the same host.
    pub fn to(self, target: &'a dyn Target, to: &Reference) -> ImageCopy<'a> {
        ImageCopy {
            source: self.source,
            from: self.from,
            target,
            to: to.clone(),
            platform: None,
            concurrency: CONCURRENCY,
            flights: Flights::default(),
            observer: None,
            attachments: true,
        }
    }
}

impl fmt::Debug for ImageCopy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImageCopy({} at {} to {} at {})", self.from, self.source, self.to, self.target)
    }
}

impl fmt::Debug for CopyFrom<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CopyFrom({} at {})", self.from, self.source)
    }
}

/// Counts requests as they are made.
#[derive(Debug, Default)]
struct Requests(AtomicU64);

impl Requests {
    fn one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Copies can be spawned.
const _: fn(ImageCopy<'static>, CopyPlan) = |copy, mut plan| {
    fn spawnable(_: impl Send) {}
    spawnable(async move {
        copy.plan().await?;
        copy.foresee(&mut plan).await?;
        copy.apply(&plan).await
    });
};
