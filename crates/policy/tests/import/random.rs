//! Random registries and random policies of each system.

use lockage_policy::import::System;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::harbor::{policy, selector};
use super::world::ago;

const TAGS: [&str; 8] = ["v1", "v2", "v3", "dev-1", "dev-2", "latest", "rc-v1", "prod-1"];

fn maybe(member: &str, value: Option<Value>, to: &mut Value) {
    if let Some(value) = value {
        to.as_object_mut().unwrap().insert(member.to_owned(), value);
    }
}

fn hours() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![8 => (0..400_i64).prop_map(|hours| Some(hours * 12)), 1 => Just(None), 1 => Just(Some(-100))]
}

/// One repository: the parts of a manifest refer to those before it, so that nothing goes round.
fn repository() -> impl Strategy<Value = Value> {
    let manifest = (
        hours(),
        hours(),
        vec(any::<proptest::sample::Index>(), 0..3),
        any::<Option<proptest::sample::Index>>(),
        0..10_u8,
        hours(),
    );
    (vec(manifest, 0..10), vec(any::<proptest::sample::Index>(), TAGS.len())).prop_map(|(rows, owners)| {
        let mut manifests: Vec<Value> = Vec::new();
        for (at, (pushed, pulled, children, subject, kind, activated)) in rows.iter().enumerate() {
            let before = |index: &proptest::sample::Index| format!("m{}", index.index(at));
            let mut manifest = json!({ "name": format!("m{at}"), "tags": [] });
            maybe("pushed_at", pushed.map(|at| ago(at).into()), &mut manifest);
            maybe("pulled_at", pulled.filter(|_| kind % 2 == 0).map(|at| ago(at).into()), &mut manifest);
            maybe("activated_at", activated.filter(|_| *kind == 3).map(|at| ago(at).into()), &mut manifest);
            if at > 0 && kind % 3 == 0 {
                maybe("children", Some(children.iter().map(before).collect::<Vec<_>>().into()), &mut manifest);
            } else if at > 0 && *kind == 7 {
                maybe("subject", subject.as_ref().map(|index| before(index).into()), &mut manifest);
            }
            if *kind == 5 {
                maybe("storage_class", Some("archive".into()), &mut manifest);
                maybe("archived_at", pushed.map(|at| ago(at).into()), &mut manifest);
            }
            maybe("no_statistics", (*kind == 8).then(|| true.into()), &mut manifest);
            manifests.push(manifest);
        }
        // Each tag is at one manifest, or at none.
        for (tag, owner) in TAGS.iter().zip(owners) {
            let owner = owner.index(manifests.len() + 2);
            if let Some(manifest) = manifests.get_mut(owner) {
                manifest["tags"].as_array_mut().unwrap().push((*tag).into());
            }
        }
        manifests.into()
    })
}

pub(super) fn repositories() -> impl Strategy<Value = Value> {
    (repository(), repository()).prop_map(|(one, other)| json!({ "app": one, "team/web": other }))
}

fn ecr() -> impl Strategy<Value = Value> {
    let tags = prop_oneof![
        vec(select(vec!["v*", "*v*", "dev-*", "prod*", "*1", "latest"]), 1..3)
            .prop_map(|list| json!({ "tagStatus": "tagged", "tagPatternList": list })),
        vec(select(vec!["v", "dev", "prod", "l"]), 1..3)
            .prop_map(|list| json!({ "tagStatus": "tagged", "tagPrefixList": list })),
        Just(json!({ "tagStatus": "untagged" })),
        Just(json!({ "tagStatus": "any" })),
    ];
    let count = (0..4_u8, 1..120_u32);
    vec((tags, count, any::<bool>()), 1..5).prop_map(|rules| {
        let (mut any, mut untagged, mut lists) = ([false; 2], [false; 2], Vec::new());
        let mut list = Vec::new();
        for (mut selection, (kind, number), transition) in rules {
            let archive = kind == 3;
            let is = |status: &str| selection["tagStatus"] == status;
            let set = |name: &str| {
                let mut set: Vec<_> = selection.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
                set.sort_by_key(Value::to_string);
                set.dedup();
                set
            };
            let key = (archive, set("tagPatternList"), set("tagPrefixList"));
            let taken = is("any") && std::mem::replace(&mut any[usize::from(archive)], true)
                || is("untagged") && std::mem::replace(&mut untagged[usize::from(archive)], true)
                || is("tagged") && lists.contains(&key);
            if taken {
                continue;
            }
            lists.push(key);
            let (name, number) = match kind {
                0 => ("imageCountMoreThan", number.min(6)),
                1 => ("sinceImagePushed", number),
                2 => ("sinceImagePulled", number),
                _ => ("sinceImageTransitioned", number + 90),
            };
            let last = is("any");
            maybe("countType", Some(name.into()), &mut selection);
            maybe("countNumber", Some(number.into()), &mut selection);
            maybe("countUnit", (kind > 0).then(|| "days".into()), &mut selection);
            maybe("storageClass", archive.then(|| "archive".into()), &mut selection);
            let expire = json!({ "type": "expire" });
            let to_archive = json!({ "type": "transition", "targetStorageClass": "archive" });
            let action = if kind == 2 || kind < 2 && transition { to_archive } else { expire };
            let priority = if last { 100 + list.len() } else { 1 + list.len() };
            list.push(json!({ "rulePriority": priority, "selection": selection, "action": action }));
        }
        json!({ "rules": list })
    })
}

fn gar() -> impl Strategy<Value = Value> {
    let prefixes = |words: &'static [&'static str]| vec(select(words), 0..3);
    let age = || proptest::option::of((1..200_u32).prop_map(|days| format!("{days}d")));
    let condition = (
        select(vec!["ANY", "TAGGED", "UNTAGGED"]),
        prefixes(&["v", "dev", "l"]),
        prefixes(&["app", "team"]),
        age(),
        age(),
    );
    let one = (any::<bool>(), any::<bool>(), condition, 1..5_u32);
    (vec(one, 0..5), prop::bool::weighted(0.1)).prop_map(|(list, dry)| {
        let policy =
            |(at, (keep, recent, (state, tags, packages, older, newer), number)): (usize, (bool, bool, _, u32))| {
                let (state, tags, packages): (&str, Vec<&str>, Vec<&str>) = (state, tags, packages);
                let mut condition = json!({ "tagState": state, "packageNamePrefixes": packages });
                maybe("tagPrefixes", (state != "UNTAGGED").then(|| tags.into()), &mut condition);
                maybe("olderThan", Option::<String>::map(older, Value::from), &mut condition);
                maybe("newerThan", Option::<String>::map(newer, Value::from), &mut condition);
                let mut policy =
                    json!({ "name": format!("p{at}"), "action": { "type": if keep { "KEEP" } else { "DELETE" } } });
                if keep && recent {
                    maybe(
                        "mostRecentVersions",
                        Some(json!({ "packageNamePrefixes": packages, "keepCount": number })),
                        &mut policy,
                    );
                } else {
                    maybe("condition", Some(condition), &mut policy);
                }
                policy
            };
        let list: Vec<_> = list.into_iter().enumerate().map(policy).collect();
        json!({ "cleanupPolicies": list, "cleanupPolicyDryRun": dry })
    })
}

fn harbor() -> impl Strategy<Value = Value> {
    let templates = vec![
        "always",
        "latestPushedK",
        "latestPulledN",
        "latestActiveK",
        "nDaysSinceLastPush",
        "nDaysSinceLastPull",
        "lastXDays",
    ];
    let tags = (
        any::<bool>(),
        select(vec!["**", "v*", "{dev-*,latest}", "?1", "[a-l]*"]),
        proptest::option::of(any::<bool>()),
    );
    let repository = (any::<bool>(), select(vec!["**", "app", "{app,web}", "w*"]));
    let one =
        (select(templates), 0..100_u32, vec(tags.clone(), 1..3), vec(repository, 0..2), prop::bool::weighted(0.1));
    (vec(one, 0..4), vec(tags, 0..2)).prop_map(|(rules, immutable_tags)| {
        let tag = |(excludes, pattern, untagged): &(bool, &str, Option<bool>)| {
            let mut selector = selector(if *excludes { "excludes" } else { "matches" }, pattern);
            maybe("extras", untagged.map(|untagged| json!({ "untagged": untagged }).to_string().into()), &mut selector);
            selector
        };
        let of = |(excludes, pattern): &(bool, &str)| {
            selector(if *excludes { "repoExcludes" } else { "repoMatches" }, pattern)
        };
        let mut list: Vec<Value> = Vec::new();
        for (template, number, tags, repositories, disabled) in &rules {
            let params = if *template == "always" { json!({}) } else { json!({ *template: number % 20 }) };
            let rule = json!({ "disabled": disabled, "action": "retain", "template": template, "params": params,
                "tag_selectors": tags.iter().map(tag).collect::<Vec<_>>(),
                "scope_selectors": { "repository": repositories.iter().map(of).collect::<Vec<_>>() } });
            if !list.contains(&rule) {
                list.push(rule);
            }
        }
        let immutable = |one: &(bool, &str, Option<bool>)| {
            let everywhere = [selector("repoMatches", "**")];
            json!({ "tag_selectors": [selector(if one.0 { "excludes" } else { "matches" }, one.1)],
                    "scope_selectors": { "repository": everywhere } })
        };
        let immutable: Vec<_> = immutable_tags.iter().map(immutable).collect();
        json!({ "retention": policy(&list), "immutable_rules": immutable })
    })
}

fn zot() -> impl Strategy<Value = Value> {
    let rules = || {
        (0..4_u32, 0..4_u32, proptest::option::of(1..2_000_u32), proptest::option::of(1..2_000_u32)).prop_map(
            |(pulled, pushed, pulled_within, pushed_within)| {
                let mut rules = json!({ "mostRecentlyPulledCount": pulled, "mostRecentlyPushedCount": pushed });
                maybe("pulledWithin", pulled_within.map(|hours| format!("{hours}h").into()), &mut rules);
                maybe("pushedWithin", pushed_within.map(|hours| format!("{hours}h30m").into()), &mut rules);
                rules
            },
        )
    };
    let keep = (vec(select(vec!["^v", "v", r"-\d$", "latest|prod", "[^a-m]"]), 0..3), proptest::option::of(rules()))
        .prop_map(|(patterns, rules)| {
            let mut keep = rules.unwrap_or_else(|| json!({}));
            maybe("patterns", Some(patterns.into()), &mut keep);
            keep
        });
    let one = (
        vec(select(vec!["**", "app", "team/*", "{app,team/web}"]), 1..3),
        any::<bool>(),
        proptest::option::of(any::<bool>()),
        vec(keep, 0..3),
        proptest::option::of(rules()),
    );
    (vec(one, 0..3), 0..100_u32, prop::bool::weighted(0.1)).prop_map(|(list, delay, dry)| {
        let policy = |(repositories, referrers, untagged, tags, keep): (Vec<&str>, bool, Option<bool>, Vec<Value>, Option<Value>)| {
            let mut policy = json!({ "repositories": repositories, "deleteReferrers": referrers, "keepTags": tags });
            maybe("deleteUntagged", untagged.map(Value::from), &mut policy);
            maybe("keepUntagged", keep, &mut policy);
            policy
        };
        json!({ "dryRun": dry, "delay": format!("{delay}h"), "policies": list.into_iter().map(policy).collect::<Vec<_>>() })
    })
}

/// A system, and a document that it takes.
pub(super) fn policies() -> impl Strategy<Value = (System, Value)> {
    prop_oneof![
        ecr().prop_map(|document| (System::Ecr, document)),
        gar().prop_map(|document| (System::Gar, document)),
        harbor().prop_map(|document| (System::Harbor, document)),
        zot().prop_map(|document| (System::Zot, document)),
    ]
}
