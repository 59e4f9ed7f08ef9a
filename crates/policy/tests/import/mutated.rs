//! Documents that are nearly right, and bytes that are nothing: none of them makes a reader panic, and what is accepted is
//! written as it was read.

use lockage_policy::import::{ImportedPolicy, System};
use lockage_policy::retain::Protection;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::random::{policies, repositories};
use super::vectors::cases;
use super::world::{now, outcome, snapshot};

/// Reads a document, and writes what was accepted.
fn reads(system: System, document: &[u8]) -> bool {
    let Ok(policy) = ImportedPolicy::parse(system, document).unwrap() else { return false };
    let written = serde_json::to_vec_pretty(&policy).unwrap();
    let again = ImportedPolicy::parse(system, &written).unwrap().unwrap();
    assert_eq!(again, policy, "{}", String::from_utf8_lossy(&written));
    true
}

/// Where something may be changed: every value of a document.
fn places(value: &Value, place: String, all: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                places(value, format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                places(value, format!("{place}/{at}"), all);
            }
        }
        _ => {}
    }
    all.push(place);
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-2..100_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
        "[-*?{}\\[\\]()|^$a-z0-9,.:+\\\\/!&~]{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "**", "30d", "24h", "tagged", "untagged", "any", "Delete", "Keep", "retain", "matches", "excludes", "days"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let name = prop::sample::select(vec![
            "rules",
            "name",
            "action",
            "type",
            "keepCount",
            "policies",
            "retention",
            "x",
            "",
        ]);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name, inner), 0..4)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..200)) {
        for system in System::ALL {
            reads(system, &bytes);
        }
    }

    #[test]
    fn any_value(value in values()) {
        for system in System::ALL {
            reads(system, value.to_string().as_bytes());
        }
    }

    #[test]
    fn any_value_somewhere_in_a_document(
        (system, mut document) in policies(),
        at in any::<prop::sample::Index>(),
        value in values(),
        repositories in repositories(),
    ) {
        let mut all: Vec<String> = Vec::new();
        places(&document, String::new(), &mut all);
        *document.pointer_mut(at.get(&all).as_str()).unwrap() = value;
        if reads(system, document.to_string().as_bytes()) {
            let policy = ImportedPolicy::parse(system, document.to_string().as_bytes()).unwrap().unwrap();
            let snapshot = snapshot(&repositories);
            let condemned = policy.evaluate(&snapshot, now());
            let (faithful, full) = (outcome(&snapshot, &condemned, Protection::Faithful), outcome(&snapshot, &condemned, Protection::Full));
            prop_assert!(full.delete.iter().all(|one| faithful.delete.contains(one)));
        }
    }

    #[test]
    fn bytes_of_a_case_changed(
        case in any::<prop::sample::Index>(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let case = case.get(cases());
        let system: System = case["system"].as_str().unwrap().parse().unwrap();
        let mut bytes = case["policy"]["document"].to_string().into_bytes();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        reads(system, &bytes);
    }
}
