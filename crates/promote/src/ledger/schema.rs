//! The JSON Schema of entries, held against the types: a field that is new here is new there, or this does not compile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::{Entry, ImageFacts, Kind, Phase, SetMember, SetRecord, Standing, TagRecord};
use crate::pipeline::Name;
use crate::pipeline::step::Moment;
use crate::{Against, Clearance, Evidence};

fn schema() -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/ledger-entry.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn digest(digit: char) -> lockage_registry::Digest {
    format!("sha256:{}", String::from(digit).repeat(64)).parse().unwrap()
}

fn clearances() -> Arc<[Clearance]> {
    let evidence =
        Evidence { summary: "it has".to_owned(), details: serde_json::json!({ "for": "1d" }), predicates: Vec::new() };
    Arc::from([Clearance {
        gate: "soak".to_owned(),
        evidence,
        against: Some(Against::Wait),
        advisory: Some("for now".to_owned()),
        overridden: Some("outage".to_owned()),
        step: Some(Moment::After),
    }])
}

fn tags() -> Vec<TagRecord> {
    vec![TagRecord { tag: "prod".parse().unwrap(), floats: true, former: Some(digest('a')), holds: Some(digest('b')) }]
}

/// One of each kind, with everything that it may have.
fn kinds() -> Vec<Kind> {
    let text = || "because".to_owned();
    let all = vec![
        Kind::Promote {
            phase: Phase::Done,
            from: name("stage"),
            edge: name("stage-prod"),
            plan: digest('c'),
            tags: tags(),
            evidence: clearances(),
            parent: Some(digest('d')),
        },
        Kind::Rollback {
            phase: Phase::Intent,
            reason: text(),
            edge: Some(name("stage-prod")),
            plan: Some(digest('c')),
            bad: Some(digest('d')),
            tags: tags(),
            evidence: clearances(),
        },
        Kind::Observe { tags: tags() },
        Kind::Deny { reason: text() },
        Kind::Hold { reason: text(), until: Some(SystemTime::UNIX_EPOCH) },
        Kind::Release { of: Standing::Hold, reason: text() },
        Kind::Revert { plan: digest('c'), reason: text(), tags: tags() },
        Kind::Finish { edge: name("stage-prod"), plan: digest('c'), evidence: clearances() },
        Kind::Override { plan: digest('c'), gates: BTreeMap::from([("soak".to_owned(), text())]), reason: text() },
        Kind::Remove {
            repository: text(),
            whole: true,
            archived: true,
            plan: digest('c'),
            policy: digest('d'),
            rule: Some(text()),
            tags: vec!["sha-2b2e927".parse().unwrap()],
        },
        Kind::Restore { repository: text(), plan: digest('c'), tags: vec!["sha-2b2e927".parse().unwrap()] },
    ];
    // One that is missing above is missed here.
    let number = |kind: &Kind| match kind {
        Kind::Promote { .. } => 0,
        Kind::Rollback { .. } => 1,
        Kind::Observe { .. } => 2,
        Kind::Deny { .. } => 3,
        Kind::Hold { .. } => 4,
        Kind::Release { .. } => 5,
        Kind::Revert { .. } => 6,
        Kind::Finish { .. } => 7,
        Kind::Override { .. } => 8,
        Kind::Remove { .. } => 9,
        Kind::Restore { .. } => 10,
    };
    assert_eq!(all.iter().map(number).collect::<Vec<_>>(), (0..11).collect::<Vec<_>>());
    all
}

fn entry(kind: Kind) -> Entry {
    Entry {
        kind,
        image: name("app"),
        environment: Some(name("prod")),
        digest: digest('e'),
        facts: ImageFacts {
            commit: Some("2b2e927".to_owned()),
            version: Some("1.4.0".to_owned()),
            pull_request: Some(42),
            created: Some(SystemTime::UNIX_EPOCH),
        },
        actor: "ada".to_owned(),
        at: SystemTime::UNIX_EPOCH,
        set: Some(Arc::new(SetRecord {
            id: digest('f'),
            members: vec![SetMember {
                image: name("app"),
                edge: name("stage-prod"),
                digest: digest('e'),
                version: Some("1.4.0".to_owned()),
            }],
        })),
        parents: vec![digest('0')],
    }
}

/// Where a schema leads to.
fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(pointer) => root.pointer(pointer.strip_prefix('#').unwrap()).unwrap(),
        None => schema,
    }
}

fn keys(value: Option<&Value>) -> BTreeSet<&str> {
    value.and_then(Value::as_object).into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

/// What is written has the keys that are described, and no others, at every depth.
fn same(root: &Value, schema: &Value, value: &Value, place: &str) {
    let schema = resolved(root, schema);
    match value {
        Value::Object(fields) => {
            let Some(properties) = schema.get("properties") else {
                // A map, or what is in a gate's own words.
                let is_open = schema.get("additionalProperties").is_some() || schema.as_object().unwrap().is_empty();
                assert!(is_open, "{place}: the schema says nothing of its fields");
                return;
            };
            assert_eq!(keys(Some(value)), keys(Some(properties)), "{place}");
            for (key, value) in fields {
                same(root, properties.get(key).unwrap(), value, &format!("{place}.{key}"));
            }
        }
        Value::Array(items) => {
            for item in items {
                same(root, schema.get("items").unwrap(), item, &format!("{place}[]"));
            }
        }
        _ => {}
    }
}

#[test]
fn the_schema_has_every_field_that_an_entry_may_have_and_no_other() {
    let root = schema();
    let described: Vec<&Value> = root.get("oneOf").unwrap().as_array().unwrap().iter().collect();
    let mut seen = BTreeSet::new();
    for kind in kinds() {
        let written = serde_json::to_value(entry(kind)).unwrap();
        let word = written.get("kind").unwrap();
        let own = described.iter().find(|one| one.pointer("/properties/kind/const") == Some(word));
        let own = own.unwrap_or_else(|| panic!("the schema does not know the kind {word}"));
        let mut properties = root.get("properties").unwrap().clone();
        properties.as_object_mut().unwrap().extend(own.get("properties").unwrap().as_object().unwrap().clone());
        same(&root, &serde_json::json!({ "properties": properties }), &written, word.as_str().unwrap());
        seen.insert(word.clone().as_str().unwrap().to_owned());
    }
    let listed = root.pointer("/properties/kind/enum").unwrap().as_array().unwrap();
    let listed: BTreeSet<String> = listed.iter().map(|word| word.as_str().unwrap().to_owned()).collect();
    assert_eq!((seen, described.len()), (listed, kinds().len()));
}

#[test]
fn what_the_schema_asks_for_the_reader_asks_for_and_the_rest_may_be_left_out() {
    let root = schema();
    for kind in kinds() {
        let whole = serde_json::to_value(entry(kind)).unwrap();
        let word = whole.get("kind").unwrap().clone();
        let mut described = root.get("oneOf").unwrap().as_array().unwrap().iter();
        let own = described.find(|one| one.pointer("/properties/kind/const") == Some(&word)).unwrap();
        let asked = [&root, own].map(|one| one.get("required").unwrap().as_array().unwrap().clone()).concat();
        for key in keys(Some(&whole)) {
            let mut less = whole.clone();
            less.as_object_mut().unwrap().remove(key);
            let is_read = serde_json::from_value::<Entry>(less).is_ok();
            assert_eq!(is_read, !asked.contains(&Value::from(key)), "{word} without {key}");
        }
    }
}
