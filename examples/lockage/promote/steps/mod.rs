//! Steps of a document: programs, and metrics that are watched.

mod argument;
mod command;
mod process;

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lockage_promote::pipeline::documents::{StepFactories, Surroundings, Watches};
use lockage_promote::pipeline::step::Pace;

pub(super) use command::Commands;
pub(crate) use process::Ended;

/// Every kind of step that this program knows.
pub(super) fn factories(surroundings: &Surroundings) -> StepFactories {
    let watches = Watches::new(surroundings.clone(), Clock);
    StepFactories::new().with(Commands::new(surroundings.clone())).with(watches)
}

/// The time of this machine, and its timers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock;

#[async_trait]
impl Pace for Clock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
