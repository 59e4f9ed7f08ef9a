//! Telling what happens to those who asked to be told.

use std::time::SystemTime;

use lockage_registry::Digest;

use super::{PromoteError, Promoter, Trouble};
use crate::pipeline::Passage;
use crate::pipeline::events::{Happening, What};

/// What is told of.
pub(super) struct About<'a> {
    pub(super) passages: Vec<&'a Passage>,
    pub(super) plan: Digest,
    pub(super) now: SystemTime,
}

impl Promoter {
    /// Tells the same of all; says who could not be told.
    pub(super) async fn tell(&self, about: &About<'_>, what: &What) -> Vec<Trouble> {
        let Some(sinks) = &self.sinks else { return Vec::new() };
        let happenings = about.passages.iter().filter_map(|passage| {
            let repository = self.graph.repository(&passage.pinned.image, &passage.to).ok()?;
            let plan = about.plan.clone();
            Some(Happening::of(what.clone(), passage, repository, plan, &self.actor, self.time(about.now)))
        });
        sinks.tell(&happenings.collect::<Vec<_>>()).await
    }

    /// Tells why it failed, or for what it waits. Who could not be told is said with the error.
    pub(super) async fn tell_of(&self, about: &About<'_>, error: PromoteError, before: Vec<Trouble>) -> PromoteError {
        let what = match error.is_waiting() {
            true => What::Waiting { why: error.to_string() },
            false => What::Failed { why: error.to_string() },
        };
        let mut troubles = before;
        troubles.extend(self.tell(about, &what).await);
        error.beside(troubles)
    }
}
