//! The examples of documents, their schemas, and the types that read them: what one accepts, all do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use boon::{Compiler, SchemaIndex, Schemas};
use lockage_policy::retain::{Facts, Policy};
use lockage_policy::scan::{ExceptionsDocument, GateConfig};
use lockage_policy::window::Windows;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

struct Schema(Schemas, SchemaIndex);

impl Schema {
    fn of(name: &str) -> Self {
        let path = format!("{}/../crates/policy/schema/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        let url = format!("https://lockage.example/{name}.schema.json");
        compiler.add_resource(&url, document).unwrap();
        if name == "policy-gates" {
            for other in ["gate", "windows"] {
                let path = format!("{}/../crates/policy/schema/{other}.schema.json", env!("CARGO_MANIFEST_DIR"));
                let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
                compiler.add_resource(&format!("https://lockage.example/{other}.schema.json"), document).unwrap();
            }
        }
        let index = compiler.compile(&url, &mut schemas).unwrap();
        Self(schemas, index)
    }

    fn accepts(&self, value: &Value) -> bool {
        self.0.validate(value, self.1).is_ok()
    }
}

fn example(name: &str) -> Value {
    let path = format!("{}/documents/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    match name.rsplit_once('.').unwrap().1 {
        "toml" => toml::from_str(&text).unwrap(),
        _ => serde_saphyr::from_str(&text).unwrap(),
    }
}

/// The schema and the type take the example, and both refuse each of these changes.
fn agree<T: DeserializeOwned>(name: &str, schema: &str, changes: &[(&str, Value)]) {
    let (schema, document) = (Schema::of(schema), example(name));
    if let Err(error) = schema.0.validate(&document, schema.1) {
        panic!("{name}: {error:#}");
    }
    serde_json::from_value::<T>(document.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    for (place, value) in changes {
        let mut wrong = document.clone();
        let (parent, field) = place.rsplit_once('/').unwrap();
        let parent = wrong.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Value::Null => drop(parent.remove(field).unwrap()),
            value => drop(parent.insert(field.to_owned(), value.clone())),
        }
        assert!(!schema.accepts(&wrong), "the schema takes {place} = {value}");
        assert!(serde_json::from_value::<T>(wrong).is_err(), "the type takes {place} = {value}");
    }
}

#[test]
fn the_configuration_of_a_gate() {
    agree::<GateConfig>(
        "gate.toml",
        "gate",
        &[
            ("/scan/at_least", Value::Null),
            ("/scan/at_least", json!("severe")),
            ("/scan/at_most", json!("high")),
            ("/scan/max_db_age", json!("one day")),
            ("/scan/max_db_age", json!(24)),
            ("/scan/grace/high", json!("unlimited")),
            ("/scan/grace/severe", json!("7d")),
            ("/scan/os", json!("whatever")),
            ("/scan/end_of_life/debian 12", json!("2028")),
            ("/scan/classes", json!(["virus"])),
            ("/scan/exceptions/for_ever", json!(true)),
            ("/scan/vex/authors", json!("us")),
            ("/checks/at_least", json!("fatal")),
            ("/checks/at_least", Value::Null),
            ("/checks/exit_codes/pass", json!(["0"])),
            ("/gates", json!({})),
        ],
    );
    assert!(!Schema::of("gate").accepts(&json!({})));
    assert!(serde_json::from_value::<GateConfig>(json!({})).is_err(), "it would decide nothing");
}

#[test]
fn a_gate_of_one_word_is_the_strictest() {
    let short: GateConfig = toml::from_str("[scan]\nat_least = \"high\"").unwrap();
    let built = lockage_policy::scan::ScanConfig::at_least(lockage_policy::scan::Severity::High);
    assert_eq!(short.scan, Some(built));
    assert!(Schema::of("gate").accepts(&serde_json::to_value(&short).unwrap()));
}

#[test]
fn exceptions() {
    agree::<ExceptionsDocument>(
        "exceptions.yaml",
        "exceptions",
        &[
            ("/exceptions/0/id", Value::Null),
            ("/exceptions/0/reason", Value::Null),
            ("/exceptions/0/owner", json!(" ")),
            ("/exceptions/0/expires", Value::Null),
            ("/exceptions/0/expires", json!("never")),
            ("/exceptions/0/purl", json!("openssl")),
            ("/exceptions/0/class", json!("virus")),
            ("/exceptions/0/severity", json!("low")),
        ],
    );
}

#[test]
fn facts() {
    agree::<Facts>(
        "facts.json",
        "facts",
        &[
            ("/in_use/0/by", Value::Null),
            ("/in_use/0/digest", Value::Null),
            ("/in_use/0/digest", json!("sha256:1")),
            ("/in_use/0/tag", json!("app:v1")),
            ("/in_use/1/tag", json!("nightly")),
            ("/in_use/1/tag", json!("acme/nightly")),
            ("/in_use/1/tag", json!("app:v1@sha256:0101010101010101010101010101010101010101010101010101010101010101")),
            ("/in_use/0/pod", json!("web")),
            ("/in_use/2/since", json!("yesterday")),
            ("/promoted/0/to", Value::Null),
            ("/promoted/0/checks", json!(["sbom"])),
            ("/holds/0/reason", Value::Null),
            ("/holds/0/tag", json!("app:v1")),
            ("/holds/1/repositories", json!("")),
            ("/holds/1/repositories", json!("acme/app:v1")),
            ("/seen/0/tag", json!("1.4.2")),
            ("/events/0/group", json!(["17"])),
            ("/events/0/group/pr", json!(17)),
            ("/seen/0/digest", Value::Null),
            ("/capabilities/untag", json!("never")),
            ("/capabilities/restore", json!(true)),
            ("/in_user", json!([])),
        ],
    );
    assert!(!Schema::of("facts").accepts(&json!([])) && serde_json::from_value::<Facts>(json!([])).is_err());
    for empty in [json!({}), json!({"in_use": []})] {
        assert!(Schema::of("facts").accepts(&empty) && serde_json::from_value::<Facts>(empty).is_ok());
    }
}

#[test]
fn windows() {
    agree::<Windows>(
        "windows.yaml",
        "windows",
        &[
            ("/windows/0/name", json!(" ")),
            ("/windows/0/effect", json!("maybe")),
            ("/windows/0/zone", Value::Null),
            ("/windows/0/from", json!("nine")),
            ("/windows/0/weekdays", json!(["mon"])),
            ("/windows/0/except", json!(["deploy"])),
            ("/windows/1/until", Value::Null),
            ("/windows/1/rrule", json!("FREQ=DAILY")),
        ],
    );
}

#[test]
fn gates_on_scans_checks_and_windows() {
    let schema = Schema::of("policy-gates");
    let text = std::fs::read_to_string(format!("{}/documents/policy-gates.toml", env!("CARGO_MANIFEST_DIR"))).unwrap();
    // Days become the texts that they were written as, as a lockage.toml reads them.
    let text = text.replace("= 2026-12-18", "= \"2026-12-18\"").replace("= 2027-01-04", "= \"2027-01-04\"");
    let document: Value = toml::from_str(&text).unwrap();
    for (name, gate) in document["gates"].as_object().unwrap() {
        if let Err(error) = schema.0.validate(gate, schema.1) {
            panic!("{name}: {error:#}");
        }
        for (key, _) in gate.as_object().unwrap() {
            let mut wrong = gate.clone();
            wrong[key] = json!(17);
            assert!(!schema.accepts(&wrong), "{name}: {key}");
        }
    }
    let rules = json!({"at_least": "high"});
    assert!(!schema.accepts(&json!({"kind": "scan", "scan": rules})), "no reports");
    assert!(!schema.accepts(&json!({"kind": "scan", "scan": rules, "reports": ["{digets}"]})));
    assert!(!schema.accepts(&json!({"kind": "scan", "scan": rules, "config": "x", "reports": ["x"]})));
    assert!(!schema.accepts(&json!({"kind": "window"})));
    assert!(!schema.accepts(&json!({"kind": "soak"})));
}

#[test]
fn retention() {
    agree::<Policy>(
        "retention.yaml",
        "retention",
        &[
            ("/version", Value::Null),
            ("/version", json!(2)),
            ("/grace", json!("15 minutes")),
            ("/grace", json!(15)),
            ("/classes/pr/tag", json!({"exact": "a", "glob": "b"})),
            ("/classes/pr/tag", json!({"any_of": []})),
            ("/classes/pr/tags", json!("a")),
            ("/hold/0/forever", Value::Null),
            ("/hold/1/from", json!("created")),
            ("/hold/1/mode", json!("strict")),
            ("/keep/0/newest", json!(-1)),
            ("/keep/0/order", json!("name")),
            ("/delete/0/beyond", Value::Null),
            ("/delete/1/after", Value::Null),
            ("/delete/3/promoted/require", json!(["hope"])),
            ("/delete/3/promoted/after", Value::Null),
            ("/untagged/older_than", Value::Null),
            ("/guards/max_delete_ratio", json!(2)),
            ("/checks/0/immutable-moved", json!("maybe")),
            ("/retain", json!({})),
        ],
    );
}
