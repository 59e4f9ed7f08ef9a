//! What goes when by policies of other systems.

mod first;
mod plans;
mod speed;

use jiff::{SignedDuration, Timestamp};
use lockage_policy::import::ImportedPolicy;
use lockage_policy::retain::{Capabilities, Facts, Policy, Protection, Report, Snapshot, Timeline, plan_imported};

/// What decides besides the policy.
#[derive(Clone, Debug)]
struct Besides {
    own: Policy,
    facts: Facts,
    protection: Protection,
}

impl Besides {
    fn nothing(protection: Protection) -> Self {
        Self { own: Policy::keep_everything(), facts: Facts::default(), protection }
    }

    fn with(protection: Protection, capabilities: Capabilities) -> Self {
        let mut besides = Self::nothing(protection);
        besides.facts.capabilities = capabilities;
        besides
    }

    fn plan(&self, policy: &ImportedPolicy, snapshot: &Snapshot, now: Timestamp) -> Report {
        let imported = policy.evaluate(snapshot, now).imported(snapshot, self.protection);
        plan_imported(snapshot, &self.own, &self.facts, imported, now).report()
    }

    fn simulate(&self, policy: &ImportedPolicy, snapshot: &Snapshot, from: Timestamp, to: Timestamp) -> Timeline {
        policy.simulate(snapshot, &self.own, &self.facts, self.protection, from, to)
    }
}

fn days(number: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * number)
}
