//! What a report says is to be done, by repository, in types.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use lockage_registry::{Digest, Repository, Tag};

use super::{ApplyError, Way};
use crate::retain::{Action, Report};

/// What is to be done.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) plan: String,
    pub(super) planned: Timestamp,
    pub(super) policy: String,
    pub(super) repositories: BTreeMap<Repository, Todo>,
    /// Every repository that the plan knows, those included in which nothing is to be done.
    pub(super) covers: BTreeSet<String>,
}

/// What is to be done in one repository, in order.
#[derive(Debug, Default)]
pub(super) struct Todo {
    pub(super) untags: Vec<Untag>,
    pub(super) manifests: Vec<Condemned>,
    /// Those of them that wait for a second plan.
    pub(super) quarantined: Vec<Condemned>,
    /// Manifests that the plan knows and keeps.
    pub(super) kept: HashSet<Digest>,
}

#[derive(Clone, Debug)]
pub(super) struct Untag {
    pub(super) tag: Tag,
    pub(super) expect: Digest,
    pub(super) rule: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Condemned {
    pub(super) digest: Digest,
    pub(super) expect: BTreeSet<Tag>,
    pub(super) rule: Option<String>,
    pub(super) way: Way,
}

impl Work {
    pub(super) fn of(report: &Report) -> Result<Self, ApplyError> {
        let mut repositories: BTreeMap<Repository, Todo> = BTreeMap::new();
        let rule = |reference: String| report.reasons.get(&reference).and_then(|line| line.rule.clone());
        let condemned = |repository: &str, digest: &str, expect_tags: &[String], way| {
            let expect = expect_tags.iter().map(|tag| read(tag)).collect::<Result<_, _>>()?;
            Ok(Condemned { digest: read(digest)?, expect, rule: rule(format!("{repository}@{digest}")), way })
        };
        for action in &report.actions {
            match action {
                Action::Untag { repository, tag, expect } => {
                    let rule = rule(format!("{repository}:{tag}"));
                    let untag = Untag { tag: read(tag)?, expect: read(expect)?, rule };
                    repositories.entry(read(repository)?).or_default().untags.push(untag);
                }
                Action::DeleteManifest { repository, digest, expect_tags } => {
                    let condemned = condemned(repository, digest, expect_tags, Way::Delete)?;
                    repositories.entry(read(repository)?).or_default().manifests.push(condemned);
                }
                Action::Archive { repository, digest, expect_tags } => {
                    let condemned = condemned(repository, digest, expect_tags, Way::Archive)?;
                    repositories.entry(read(repository)?).or_default().manifests.push(condemned);
                }
            }
        }
        // A manifest by a name of its own is one that no registry knows: whatever leads to it is looked at again.
        let kept = report.keep.iter().filter_map(|reference| reference.rsplit_once('@'));
        for (repository, digest) in kept {
            let todo = repository.parse().ok().and_then(|repository| repositories.get_mut(&repository));
            if let (Some(todo), Ok(digest)) = (todo, digest.parse()) {
                todo.kept.insert(digest);
            }
        }
        let covers =
            report.reasons.keys().filter_map(|reference| repository_of(reference).map(str::to_owned)).collect();
        let (plan, policy) = (report.plan.clone(), report.policy.clone());
        Ok(Self { plan, planned: report.now, policy, repositories, covers })
    }
}

/// Of `repository@digest`, or `repository:tag`.
fn repository_of(reference: &str) -> Option<&str> {
    reference.split_once('@').or_else(|| reference.rsplit_once(':')).map(|(repository, _)| repository)
}

fn read<T: std::str::FromStr<Err = lockage_registry::NameError>>(text: &str) -> Result<T, ApplyError> {
    text.parse().map_err(|error| ApplyError::Invalid(format!("{text}: {error}")))
}
