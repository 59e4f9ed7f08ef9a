//! The steps of a passage: in order, each once, and what was done into the ledger.

use std::sync::Arc;
use std::time::SystemTime;

use lockage_registry::{Digest, Repository};

use super::{Canary, PromoteError, Promoter, Trouble};
use crate::ledger::{Chronicle, Entry, Kind};
use crate::pipeline::step::{Moment, Step, StepContext};
use crate::pipeline::{Edge, Passage};
use crate::{Against, Clearance, Evidence};

/// One run of the steps of a passage.
pub(super) struct Run<'a> {
    pub(super) promoter: &'a Promoter,
    pub(super) edge: &'a Edge,
    pub(super) passage: &'a Passage,
    pub(super) repository: &'a Repository,
    pub(super) plan: &'a Digest,
    pub(super) now: SystemTime,
}

impl Run<'_> {
    /// Those before: the first that fails ends the promotion.
    pub(super) async fn before(&self) -> Result<Vec<Clearance>, PromoteError> {
        let mut done = Vec::new();
        for step in self.edge.steps(Moment::Before) {
            done.push(self.one(step, Moment::Before).await?);
        }
        Ok(done)
    }

    /// Those after, each into the ledger as soon as it is done; but for those that `told` has, where the image was there
    /// before this run.
    pub(super) async fn after(&self, told: Option<&Chronicle>) -> Result<Vec<Clearance>, PromoteError> {
        let told = told.map_or_else(Vec::new, |chronicle| self.finished(chronicle));
        let mut done = Vec::new();
        for step in self.edge.steps(Moment::After) {
            if let Some(before) = told.iter().find(|before| before.gate == step.id()) {
                done.push((*before).clone());
                continue;
            }
            match self.one(step, Moment::After).await {
                Ok(clearance) => {
                    self.finish(&clearance).await?;
                    done.push(clearance);
                }
                Err(error) => return Err(self.failed(step, error).await),
            }
        }
        Ok(done)
    }

    /// That a watch has found the image to be bad is kept, whether or not anybody goes back; that it could not look is not.
    async fn failed(&self, step: &dyn Step, error: PromoteError) -> PromoteError {
        let Some(Canary::Failed { why }) = error.canary() else { return error };
        let said = Clearance::new(step.id(), Evidence::new(why));
        let said = Clearance { step: Some(Moment::After), against: Some(Against::Fail), ..said };
        match self.finish(&said).await {
            Ok(()) => error,
            Err(unkept) => error.beside(vec![Trouble::new("ledger", unkept.to_string())]),
        }
    }

    /// What came of a step after, into the ledger.
    async fn finish(&self, clearance: &Clearance) -> Result<(), PromoteError> {
        let evidence = Arc::from([clearance.clone()]);
        let kind = Kind::Finish { edge: self.passage.edge.clone(), plan: self.plan.clone(), evidence };
        let Passage { pinned, to, .. } = self.passage;
        let (image, digest, promoter) = (pinned.image.clone(), self.passage.digest().clone(), self.promoter);
        let entry = Entry::new(kind, image, digest, &promoter.actor, promoter.time(self.now));
        let entry = entry.in_environment(to.clone()).with_facts(pinned.facts.clone());
        promoter.ledger.append(entry).await?;
        Ok(())
    }

    async fn one(&self, step: &dyn Step, moment: Moment) -> Result<Clearance, PromoteError> {
        let context = StepContext::new(self.passage, self.repository, self.plan, moment);
        let context = context.by(&self.promoter.actor).at(self.now);
        let failed = |source| PromoteError::Step {
            step: step.id().to_owned(),
            moment,
            environment: self.passage.to.clone(),
            source,
        };
        let evidence = step.run(&context).await.map_err(failed)?;
        Ok(Clearance { step: Some(moment), ..Clearance::new(step.id(), evidence) })
    }

    /// What was done along this edge since the image last arrived.
    fn finished<'c>(&self, chronicle: &'c Chronicle) -> Vec<&'c Clearance> {
        let mut finished: Vec<&Clearance> = Vec::new();
        for entry in chronicle.entries().iter().map(|recorded| &recorded.entry) {
            let Passage { pinned, to, edge: of, .. } = self.passage;
            if entry.image != pinned.image || entry.environment.as_ref() != Some(to) {
                continue;
            }
            match &entry.kind {
                Kind::Finish { edge, evidence, .. } if edge == of && entry.digest == *self.passage.digest() => {
                    finished.extend(evidence.iter().filter(|one| one.against.is_none()));
                }
                _ if entry.arrives() => finished.clear(),
                _ => {}
            }
        }
        finished
    }
}
