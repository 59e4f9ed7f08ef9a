//! `promote_each`: many promotions at once, none of which keeps another; and `clear_each`, which writes nothing.

use std::fmt;
use std::time::SystemTime;

use futures::stream::{self, StreamExt as _};

use lockage_registry::Digest;

use super::Shard;
use crate::pipeline::{Name, Passage, PassageReceipt, PromoteError, Promoter, Select};
use crate::{Cleared, Plan};
use lockage_tagging::OneLine;

/// An image to promote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Errand {
    /// The image.
    pub image: Name,
    /// Which of it.
    pub select: Select,
    /// The edge.
    pub edge: Name,
    /// The release that it is, where no label says so.
    pub release: Option<String>,
}

/// How an errand ended: promoted, or, where it was only to be cleared, with its plan.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome<T = PassageReceipt> {
    /// What was to be done.
    pub errand: Errand,
    /// What came of it.
    pub result: Result<Box<T>, Box<PromoteError>>,
}

/// What came of all.
#[derive(Debug)]
#[non_exhaustive]
pub struct Fleet<T = PassageReceipt> {
    /// One an errand of this share, in the order in which they were given.
    pub outcomes: Vec<Outcome<T>>,
}

/// What comes of an errand that goes well.
pub trait Came: sealed::Sealed {
    /// It, in a word.
    fn word(&self) -> &'static str;

    /// The digest.
    fn digest(&self) -> &Digest;
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for crate::pipeline::PassageReceipt {}
    impl Sealed for crate::Plan<crate::Cleared> {}
}

impl Came for PassageReceipt {
    fn word(&self) -> &'static str {
        if self.entry.is_some() { "done" } else { "present" }
    }

    fn digest(&self) -> &Digest {
        &self.digest
    }
}

impl Came for Plan<Cleared> {
    fn word(&self) -> &'static str {
        "ready"
    }

    fn digest(&self) -> &Digest {
        self.passage().map_or_else(|| Plan::digest(self), Passage::digest)
    }
}

/// What came of one, or of all, in a word: the worst is that of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the exit codes that there are")]
pub enum Ended {
    /// Done, or was done before.
    Done,
    /// Gates wait, and none refuses.
    Waiting,
    /// Gates refuse.
    Refused,
    /// It failed, or a gate could not decide.
    Failed,
}

impl Errand {
    /// An image, which of it, and its way.
    #[must_use]
    pub fn new(image: Name, select: Select, edge: Name) -> Self {
        Self { image, select, edge, release: None }
    }

    /// The same as this release, as [`Pinned::released_as`](crate::pipeline::Pinned::released_as) has it.
    #[must_use]
    pub fn released_as(self, version: impl Into<String>) -> Self {
        Self { release: Some(version.into()), ..self }
    }
}

/// Promotes each of those that are in `shard`, at most so many at once. An image that is lost, refused or failed keeps no
/// other; requests to one registry share its limit, as all go through the same promoter.
pub async fn promote_each(
    promoter: &Promoter,
    errands: impl IntoIterator<Item = Errand>,
    shard: Shard,
    at_once: usize,
    now: SystemTime,
) -> Fleet {
    let run = async |errand: &Errand| promoter.apply(cleared(promoter, errand, now).await?, promoter.time(now)).await;
    each(promoter, errands, shard, at_once, run).await
}

/// Asks the gates about each of those that are in `shard`, and writes nothing: what [`promote_each`] would come to.
pub async fn clear_each(
    promoter: &Promoter,
    errands: impl IntoIterator<Item = Errand>,
    shard: Shard,
    at_once: usize,
    now: SystemTime,
) -> Fleet<Plan<Cleared>> {
    each(promoter, errands, shard, at_once, async |errand: &Errand| cleared(promoter, errand, now).await).await
}

async fn each<T>(
    promoter: &Promoter,
    errands: impl IntoIterator<Item = Errand>,
    shard: Shard,
    at_once: usize,
    run: impl AsyncFn(&Errand) -> Result<T, PromoteError>,
) -> Fleet<T> {
    let run = &run;
    let runs = errands.into_iter().filter_map(|errand| {
        let is_ours = goes_to(promoter, &errand).map(|repository| shard.has(&repository));
        match is_ours {
            Ok(false) => None,
            // What goes nowhere is told by the first share, and by no other.
            Err(_) if shard != Shard::whole() && !shard.to_string().starts_with("0/") => None,
            _ => Some(async move {
                let result = run(&errand).await.map(Box::new).map_err(Box::new);
                Outcome { errand, result }
            }),
        }
    });
    Fleet { outcomes: stream::iter(runs).buffered(at_once.max(1)).collect().await }
}

fn goes_to(promoter: &Promoter, errand: &Errand) -> Result<lockage_registry::Repository, PromoteError> {
    let edge = promoter.graph().edge(&errand.edge)?;
    Ok(promoter.graph().repository(&errand.image, edge.to())?)
}

async fn cleared(promoter: &Promoter, errand: &Errand, now: SystemTime) -> Result<Plan<Cleared>, PromoteError> {
    let pinned = promoter.resolve(&errand.image, &errand.select, &errand.edge).await?;
    let pinned = match &errand.release {
        Some(version) => pinned.released_as(version),
        None => pinned,
    };
    let plan = promoter.plan(&pinned, &errand.edge).await?;
    // The last of many come long after the first.
    promoter.clear(plan, promoter.time(now)).await
}

impl<T> Outcome<T> {
    /// How it ended, in a word.
    #[must_use]
    pub fn ended(&self) -> Ended {
        match self.result.as_ref().map_err(|error| error.cause()) {
            Ok(_) => Ended::Done,
            Err(PromoteError::NotCleared(refusal)) if refusal.is_undecided() => Ended::Failed,
            Err(PromoteError::NotCleared(refusal)) if refusal.is_waiting() => Ended::Waiting,
            Err(PromoteError::NotCleared(_) | PromoteError::Stopped { .. }) => Ended::Refused,
            Err(_) => Ended::Failed,
        }
    }
}

impl<T> Fleet<T> {
    /// How it ended, in a word: the worst of all.
    #[must_use]
    pub fn ended(&self) -> Ended {
        self.outcomes.iter().map(Outcome::ended).max().unwrap_or(Ended::Done)
    }

    /// How many ended so.
    #[must_use]
    pub fn count(&self, ended: Ended) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.ended() == ended).count()
    }
}

impl Ended {
    /// The exit code of a program: 0, 4, 1, 3.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Failed => 3,
            Self::Waiting => 4,
        }
    }
}

impl<T: Came> fmt::Display for Outcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Errand { image, edge, .. } = &self.errand;
        match &self.result {
            Ok(came) => write!(f, "{:<7}  {image}  {edge}  {}", came.word(), came.digest().short()),
            Err(error) => {
                let word = match self.ended() {
                    Ended::Waiting => "waiting",
                    Ended::Refused => "refused",
                    _ => "failed",
                };
                write!(f, "{word:<7}  {image}  {edge}  {}", OneLine(error))
            }
        }
    }
}

impl<T: Came> fmt::Display for Fleet<T> {
    /// A line an image, and how many ended how.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.outcomes.iter().try_for_each(|outcome| writeln!(f, "{outcome}"))?;
        let count = |ended| self.count(ended);
        let word =
            self.outcomes.iter().find_map(|one| one.result.as_ref().ok()).map_or("done", |came| match came.word() {
                "present" => "done",
                word => word,
            });
        write!(f, "{} {word}, {} waiting, ", count(Ended::Done), count(Ended::Waiting))?;
        write!(f, "{} refused, {} failed", count(Ended::Refused), count(Ended::Failed))
    }
}
