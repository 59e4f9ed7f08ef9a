//! The hash of all that a plan was made from.

use sha2::{Digest as _, Sha256};

use super::RuleName;
use crate::retain::facts::Facts;
use crate::retain::graph::Protection;
use crate::retain::{DigestKey, Snapshot};

pub(super) fn id(
    snapshot: &Snapshot,
    policy: DigestKey,
    facts: &Facts,
    rules: &[RuleName],
    protection: Protection,
    now: i64,
) -> DigestKey {
    let mut hash = Sha256::new();
    hash.update(format!("lockage plan 1\n{}\n{policy}\n{now}\n", snapshot.digest()));
    if protection == Protection::Faithful {
        hash.update("faithful\n");
    }
    for rule in rules {
        hash.update(format!("{} {} {}\n", rule.layer.as_str(), rule.name, rule.words));
    }
    hash.update(format!("{:?} {:?}\n", facts.asked, facts.capabilities));
    // Facts have no order.
    let lists =
        [lines(&facts.in_use), lines(&facts.promoted), lines(&facts.holds), lines(&facts.events), lines(&facts.seen)];
    for list in lists {
        hash.update(format!("{}\n", list.len()));
        list.iter().for_each(|line| hash.update(line));
    }
    DigestKey::sha256(hash.finalize().into())
}

fn lines<T: serde::Serialize>(facts: &[T]) -> Vec<Vec<u8>> {
    // A fact holds nothing that JSON cannot say.
    let mut lines: Vec<Vec<u8>> = facts.iter().map(|fact| serde_json::to_vec(fact).unwrap_or_default()).collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}
