//! `lockage promote` of several images: together, as a set, or each by itself, as a fleet.

mod fleet;
mod list;
mod set;
mod taken_up;

use std::num::NonZeroUsize;
use std::process::ExitCode;

use lockage_promote::pipeline::fleet::{Shard, ShardError};

use super::Arguments;
use crate::report::Failure;
use list::Listed;

pub(super) use set::read as read_set;

/// How many images are promoted at once, and which of them are for this machine.
#[derive(clap::Args)]
pub(super) struct Several {
    /// Promote these together, all or none: a file that lists them (schemas/image-list.json), or their names with commas
    /// between. All content and all pins come first, and the tags that move last. With --resume and --revert the digest of a
    /// set will do.
    #[arg(long, value_name = "FILE|NAMES", value_parser = list::listed,
          conflicts_with_all = ["image", "fleet", "apply", "github_output"])]
    pub(super) set: Option<Listed>,

    /// Go on with a set that was killed on its way, from the ledger: the one of --set, or the only one there is.
    #[arg(long, conflicts_with_all = ["image", "fleet", "apply", "plan", "select", "to", "edge", "release", "revert"])]
    pub(super) resume: bool,

    /// Take such a set back: the tags that move hold again what they held before.
    #[arg(long, requires = "reason",
          conflicts_with_all = ["image", "fleet", "apply", "plan", "select", "to", "edge", "release", "passed_by"])]
    pub(super) revert: bool,

    /// Promote each of these by itself, so that none keeps another: a file or names, as for --set.
    #[arg(long, value_name = "FILE|NAMES", value_parser = list::listed,
          conflicts_with_all = ["image", "apply", "plan", "release", "passed_by", "markdown", "github_output"])]
    pub(super) fleet: Option<Listed>,

    /// Only those that are for this machine: INDEX/TOTAL, with an index from 0, such as $JOB_COMPLETION_INDEX/4.
    #[arg(long, value_name = "INDEX/TOTAL", requires = "fleet", value_parser = shard)]
    pub(super) shard: Option<Shard>,

    /// How many of a fleet are on their way at once.
    #[arg(long, value_name = "N", requires = "fleet", default_value = "8")]
    pub(super) at_once: NonZeroUsize,
}

fn shard(text: &str) -> Result<Shard, ShardError> {
    text.parse()
}

impl Several {
    /// What is to be done with several images, if that was asked for.
    pub(super) async fn run(&self, arguments: &Arguments) -> Option<Result<ExitCode, Failure>> {
        match (&self.set, &self.fleet, &arguments.apply) {
            _ if self.resume || self.revert => Some(taken_up::run(self, arguments).await),
            (Some(listed), ..) => Some(set::run(listed, arguments).await),
            (_, Some(listed), _) => Some(fleet::run(listed, self, arguments).await),
            (_, _, Some(file)) => match set::read(file) {
                Ok(Some(plan)) => Some(set::run_kept(plan, arguments).await),
                Ok(None) => None,
                Err(failure) => Some(Err(failure)),
            },
            _ => None,
        }
    }
}
