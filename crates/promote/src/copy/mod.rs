//! The copy engine: the same bytes, from one repository to another, the tag last.

mod apply;
mod attachments;
mod flight;
mod listing;
mod plan;
mod receipt;
mod shelf;
mod survey;
mod tag;
mod together;
mod walk;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use lockage_registry::{Digest, Platform, Reference, Source, Target};

pub use attachments::{Attachment, AttachmentKind, AttachmentOutcome, Attachments, FoundBy};
pub use flight::Flights;
pub use plan::{CopyPlan, Route};
pub use receipt::{Outcome, Receipt, Step};

use crate::{Event, Observer, Result};

/// How many blobs or manifests of one image are on their way at once.
const CONCURRENCY: usize = 8;

/// One image on its way from a source to a target: planned by reads only, then applied.
///
/// The digest is resolved once, while planning; manifests are passed on as the bytes that they came as; each blob is
/// hashed once as it passes; and the tag is written last, so that after any failure it holds its old value or the
/// complete new one.
///
/// What is attached to the image and to the children of an index goes with it, and what is attached to that: referrers,
/// and cosign's tags `sha256-<hex>.sig`, `.att` and `.sbom`. It is at the target before the tag moves, beside what the
/// target has. Where it cannot be read the copy fails: only a 404 means that there is none.
///
/// Requests, for M manifests and B distinct blobs, without authentication: 2 where the image is there already; 3 within
/// a repository; 2M+B+1 within a registry, and no byte of a blob; 3B+2M+1 across registries at most. One more where the
/// tag held another image, and one for [`expect_current`](ImageCopy::expect_current). To look for attachments takes one
/// listing of the source's tags, one listing of referrers a manifest at the source, one at the target for each that
/// has some, and a HEAD of what the target lists, which may dangle;
/// [`without_attachments`](ImageCopy::without_attachments) makes none of these. To bring them takes what their manifests
/// and blobs take, a GET of each cosign tag at both sides, and one PUT more for the image, whose digest is there before
/// what is attached to it; a registry without the referrers API has its index of them written as well
/// ([`referrers::enter`](lockage_registry::referrers::enter)).
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
    /// What the tag has to hold, where that matters; within, `None` is no tag at all.
    expected: Option<Option<Digest>>,
    made: Instant,
    planned: Arc<AtomicBool>,
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

    /// Shares transfers with other copies, so that a blob that two of them need is moved once, and one listing of a
    /// repository's tags serves all copies that were made before it began.
    pub fn sharing(mut self, flights: &Flights) -> Self {
        self.flights = flights.clone();
        self
    }

    /// Leaves behind what is attached to the image: signatures, attestations, SBOMs. They are not looked for either.
    pub fn without_attachments(mut self) -> Self {
        self.attachments = false;
        self
    }

    /// Moves the tag only while it holds this digest, or, for `None`, while there is no such tag.
    ///
    /// Asked while planning, and by one HEAD more right before the tag is written. Registries have no compare-and-swap, so
    /// between that HEAD and the PUT another writer goes unseen. A tag that holds the image already is no conflict, and a
    /// target without a tag has none.
    pub fn expect_current(mut self, current: Option<Digest>) -> Self {
        self.expected = Some(current);
        self
    }

    /// Tells `observer` of every step.
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Looks, without writing, what has to be done. What is attached to the image later is for the next copy.
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

    /// Does what the plan says: blobs, child manifests, what is attached, and the tag last. Done again, it does only what is
    /// missing.
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

    /// From when on what the source has been given has to be seen: since the copy was made, and for a second plan since now.
    fn since(&self) -> Instant {
        if self.planned.swap(true, Ordering::Relaxed) { Instant::now() } else { self.made }
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
            expected: None,
            made: Instant::now(),
            planned: Arc::default(),
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

/// Counts requests as they are made, and the bytes of the manifests that they brought.
#[derive(Debug, Default)]
struct Requests {
    made: AtomicU64,
    manifests: AtomicU64,
}

impl Requests {
    fn one(&self) {
        self.more(1);
    }

    fn more(&self, count: u64) {
        self.made.fetch_add(count, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// Takes note of a manifest of so many bytes; false where all together have more than `most`.
    fn brought(&self, bytes: u64, most: u64) -> bool {
        let before = self.manifests.fetch_add(bytes, Ordering::Relaxed);
        before.checked_add(bytes).is_some_and(|all| all <= most)
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

#[cfg(test)]
mod tests {
    use super::Requests;

    #[test]
    fn manifests_together_have_a_limit() {
        let requests = Requests::default();
        assert!(requests.brought(4, 10) && requests.brought(6, 10));
        assert!(!requests.brought(1, 10) && !requests.brought(u64::MAX, 10));
    }
}
