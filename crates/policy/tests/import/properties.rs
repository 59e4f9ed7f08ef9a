//! What holds of every policy of every system, on every registry.

use jiff::Timestamp;
use lockage_policy::import::{Condemned, ImportedPolicy, System};
use lockage_policy::retain::{Capabilities, Protection, Snapshot, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::random::{policies, repositories};
use super::world::{days, now, outcome, parse, snapshot};

fn evaluated(system: System, document: &Value, snapshot: &Snapshot) -> (ImportedPolicy, Condemned) {
    let policy = parse(system, document).unwrap_or_else(|error| panic!("{error}: {document}"));
    let condemned = policy.evaluate(snapshot, now());
    (policy, condemned)
}

fn is_within(some: &[String], all: &[String]) -> bool {
    some.iter().all(|one| all.contains(one))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_policy_is_written_as_it_was_read((system, document) in policies()) {
        let policy = parse(system, &document).unwrap_or_else(|error| panic!("{error}: {document}"));
        let written = serde_json::to_value(&policy).unwrap();
        prop_assert_eq!(parse(system, &written).unwrap(), policy);
    }

    #[test]
    fn protection_only_keeps_more_and_breaks_nothing((system, document) in policies(), repositories in repositories()) {
        let snapshot = snapshot(&repositories);
        let (_, condemned) = evaluated(system, &document, &snapshot);
        let faithful = outcome(&snapshot, &condemned, Protection::Faithful);
        let full = outcome(&snapshot, &condemned, Protection::Full);
        prop_assert!(is_within(&full.delete, &faithful.delete), "{full:?} {faithful:?}");
        prop_assert!(is_within(&full.archive, &faithful.archive), "{full:?} {faithful:?}");
        prop_assert!(is_within(&full.delete_tags, &faithful.delete_tags), "{full:?} {faithful:?}");
        let settled = condemned.settle(&snapshot, Protection::Full, Capabilities::OCI);
        for id in snapshot.manifests() {
            let goes = settled.manifest(id).0 == Verdict::Delete;
            if goes {
                prop_assert!(snapshot.pushed_at(id).is_some_and(|at| at <= now()), "a time that cannot be believed");
                prop_assert!(snapshot.tags_at(id).all(|tag| settled.tag(tag).0 == Verdict::Delete));
            } else {
                let needed = || snapshot.children(id).chain(snapshot.referrers(id));
                prop_assert!(needed().all(|needed| settled.manifest(needed).0 != Verdict::Delete));
                if settled.manifest(id).0 == Verdict::Keep {
                    prop_assert!(needed().all(|needed| settled.manifest(needed).0 != Verdict::Archive));
                }
            }
        }
    }

    #[test]
    fn nothing_is_deleted_of_what_is_known_in_part((system, document) in policies(), repositories in repositories()) {
        let whole = snapshot(&repositories);
        let mut written = serde_json::to_value(&whole).unwrap();
        written["complete"] = false.into();
        let part = Snapshot::read(written.to_string().as_bytes()).unwrap();
        let (_, condemned) = evaluated(system, &document, &part);
        prop_assert!(outcome(&part, &condemned, Protection::Full).delete.is_empty());
    }

    #[test]
    fn every_decision_has_its_reason((system, document) in policies(), repositories in repositories()) {
        let snapshot = snapshot(&repositories);
        let (_, condemned) = evaluated(system, &document, &snapshot);
        for id in snapshot.manifests() {
            let reason = condemned.reason(&snapshot, id);
            let expected = if condemned.is_condemned(id) { "deleted" } else { "" };
            prop_assert!(reason.starts_with(expected) && !reason.contains("a rule") && !reason.contains('\n'), "{}", reason);
        }
        let rules = condemned.rules().len();
        prop_assert!(condemned.rules().last().is_some_and(|rule| rule.words.starts_with("sha256:")), "{}", rules);
    }

    /// What no rule of ECR matches is not counted by any. In another package, repository or group nothing changes anywhere.
    #[test]
    fn an_image_that_no_rule_is_about_changes_nothing((system, document) in policies(), repositories in repositories()) {
        let stranger = json!({ "name": "stranger", "tags": ["zzz"], "pushed_at": days(1), "pulled_at": days(1) });
        let mut more = repositories.clone();
        let in_app = match system {
            System::Ecr => document["rules"].as_array().unwrap().iter().all(|rule| rule["selection"]["tagStatus"] == "tagged"),
            _ => false,
        };
        if in_app {
            more["app"].as_array_mut().unwrap().push(stranger);
        } else {
            more.as_object_mut().unwrap().insert("zzz/other/place".to_owned(), json!([stranger]));
        }
        let (before, after) = (snapshot(&repositories), snapshot(&more));
        let (_, without) = evaluated(system, &document, &before);
        let (_, with) = evaluated(system, &document, &after);
        for protection in [Protection::Faithful, Protection::Full] {
            let without = outcome(&before, &without, protection);
            let mut with = outcome(&after, &with, protection);
            let is_other = |name: &String| name.starts_with("zzz/");
            for list in [&mut with.delete, &mut with.archive, &mut with.delete_tags] {
                list.retain(|name| !is_other(name));
            }
            prop_assert_eq!(without, with);
        }
    }

    #[test]
    fn the_order_of_rules_says_nothing_in_ecr_and_the_api((system, document) in policies(), repositories in repositories()) {
        let list = match system {
            System::Ecr => "rules",
            System::Gar => "cleanupPolicies",
            _ => return Ok(()),
        };
        let mut turned = document.clone();
        turned[list].as_array_mut().unwrap().reverse();
        let snapshot = snapshot(&repositories);
        let (_, one) = evaluated(system, &document, &snapshot);
        let (_, other) = evaluated(system, &turned, &snapshot);
        prop_assert_eq!(outcome(&snapshot, &one, Protection::Faithful), outcome(&snapshot, &other, Protection::Faithful));
    }

    #[test]
    fn no_moment_is_too_early_or_too_late((system, document) in policies(), repositories in repositories(), second in any::<i64>()) {
        let policy = parse(system, &document).unwrap();
        let snapshot = snapshot(&repositories);
        let limit = Timestamp::MAX.as_second();
        for now in [Timestamp::MIN, Timestamp::MAX, Timestamp::from_second(second % limit).unwrap_or(Timestamp::UNIX_EPOCH)] {
            let condemned = policy.evaluate(&snapshot, now);
            let faithful = outcome(&snapshot, &condemned, Protection::Faithful);
            let full = outcome(&snapshot, &condemned, Protection::Full);
            prop_assert!(is_within(&full.delete, &faithful.delete));
        }
    }
}
