//! What goes when by another system's policy.

use jiff::Timestamp;

use super::condemned::AHEAD;
use super::{Condemned, ImportedPolicy};
use crate::retain::clock::Clock;
use crate::retain::plan::travel::{Theirs, travel};
use crate::retain::{Facts, ManifestId, Policy, Protection, Said, Snapshot, Timeline};

impl ImportedPolicy {
    /// What goes when by the policy and the holds of `own`, from one moment to another, if nothing is pushed, moved or deleted
    /// in between: of everything the first moment at which a [plan](crate::retain::plan_imported) has it gone. A plan of a
    /// later moment has it gone as well, unless a rule keeps what is old or deletes what is new, or the registry keeps the last
    /// image that has a tag. A policy that asks for a dry run takes nothing.
    ///
    /// Moments are exact: what is older than 30 days is so one nanosecond after 30 days.
    ///
    /// It evaluates the policy over the whole snapshot once for each moment that the times of one manifest, and of those that
    /// name it or that it names, make: a few times, also where there are many manifests. In two cases those of more of them
    /// count together: where one manifest is named by very many indexes, and, of a repository, where zot has `keepUntagged`
    /// and a delay below a minute.
    #[must_use]
    pub fn simulate(
        &self,
        snapshot: &Snapshot,
        own: &Policy,
        facts: &Facts,
        protection: Protection,
        from: Timestamp,
        to: Timestamp,
    ) -> Timeline {
        travel(snapshot, own, facts, self, protection, from, to)
    }

    pub(super) fn evaluate_by(&self, snapshot: &Snapshot, clock: &Clock) -> Condemned {
        match self {
            #[cfg(feature = "import-ecr")]
            Self::Ecr(policy) => policy.evaluate_by(snapshot, clock),
            #[cfg(feature = "import-gar")]
            Self::Gar(policy) => policy.evaluate_by(snapshot, clock),
            #[cfg(feature = "import-harbor")]
            Self::Harbor(policy) => policy.evaluate_by(snapshot, clock),
            #[cfg(feature = "import-zot")]
            Self::Zot(policy) => policy.evaluate_by(snapshot, clock),
        }
    }
}

impl Theirs for ImportedPolicy {
    fn said(&self, snapshot: &Snapshot, clock: Clock, protection: Protection) -> Said {
        self.evaluate_by(snapshot, &clock).heard(snapshot, protection)
    }

    fn moments(&self, snapshot: &Snapshot, id: ManifestId, add: &mut dyn FnMut(Option<Timestamp>)) {
        // From then on a time that is ahead can be one.
        add(snapshot.pushed_at(id).and_then(|at| at.checked_sub(AHEAD).ok()));
        match self {
            #[cfg(feature = "import-ecr")]
            Self::Ecr(policy) => add(policy.moment(snapshot, id)),
            #[cfg(feature = "import-gar")]
            Self::Gar(policy) => policy.moments(snapshot, id, add),
            #[cfg(feature = "import-harbor")]
            Self::Harbor(policy) => policy.moments(snapshot, id, add),
            #[cfg(feature = "import-zot")]
            Self::Zot(policy) => policy.moments(snapshot, id, add),
        }
    }

    #[cfg_attr(not(feature = "import-zot"), allow(unused_variables, reason = "one system counts like this"))]
    fn is_entangled(&self, repository: &str) -> bool {
        match self {
            #[cfg(feature = "import-zot")]
            Self::Zot(policy) => policy.is_entangled(repository),
            #[allow(unreachable_patterns, reason = "it is reachable where the feature of another system is on")]
            _ => false,
        }
    }
}
