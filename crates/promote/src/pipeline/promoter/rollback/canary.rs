//! `Canary`: what a watch after a promotion said of it, and the rollback that follows.

use std::time::SystemTime;

use super::{RollbackPlan, RollbackTo};
use crate::Draft;
use crate::pipeline::step::{Moment, WatchError};
use crate::pipeline::{Name, PromoteError, Promoter};

/// How what was done after a promotion ended that did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Canary {
    /// It was looked at, and is bad, or was not good in time: the image is to go.
    Failed {
        /// Why.
        why: String,
    },
    /// It could not be looked at, or the step itself broke, which says nothing of the image.
    Errored {
        /// Why.
        why: String,
    },
}

impl PromoteError {
    /// What a step after the promotion says of the image; none where this is no error of such a step, and no tag has moved.
    #[must_use]
    pub fn canary(&self) -> Option<Canary> {
        let Self::Step { moment: Moment::After, source, .. } = self.cause() else { return None };
        let why = source.to_string();
        Some(match source.downcast_ref::<WatchError>() {
            Some(WatchError::Failed { .. } | WatchError::TooLate { .. }) => Canary::Failed { why },
            _ => Canary::Errored { why },
        })
    }
}

impl Promoter {
    /// The rollback that follows from a promotion that ended in `error`: to what was there before, where a watch after it
    /// said that the image is bad. None where it could not look, where another step broke, and where no tag has moved:
    /// those are no reason to go back.
    ///
    /// # Errors
    /// As [`plan_rollback`](Self::plan_rollback): also where there was nothing before.
    pub async fn plan_rollback_after(
        &self,
        image: &Name,
        environment: &Name,
        error: &PromoteError,
        now: SystemTime,
    ) -> Result<Option<RollbackPlan<Draft>>, PromoteError> {
        match error.canary() {
            Some(Canary::Failed { why }) => {
                self.plan_rollback(image, environment, &RollbackTo::Previous, &why, now).await.map(Some)
            }
            _ => Ok(None),
        }
    }
}
