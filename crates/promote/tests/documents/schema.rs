//! The JSON Schema of documents says what the reader takes: no more and no less.

use std::collections::BTreeSet;
use std::path::Path;

use lockage_promote::pipeline::documents::{Document, Format};
use serde_json::{Value, json};

use crate::example;

fn schema() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/lockage.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// The part of JSON Schema that the schema is written in.
fn problems(root: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "$ref" => {
                let target = root.pointer(rule.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
                problems(root, target, value, place, found);
            }
            "type" => {
                let is = match rule.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    other => panic!("{other}"),
                };
                found.extend((!is).then(|| format!("{place}: no {rule}")));
            }
            "enum" => found.extend((!rule.as_array().unwrap().contains(value)).then(|| format!("{place}: {value}"))),
            "oneOf" => {
                let fits = |one: &&Value| {
                    let mut found = Vec::new();
                    problems(root, one, value, place, &mut found);
                    found.is_empty()
                };
                let fitting = rule.as_array().unwrap().iter().filter(fits).count();
                found.extend((fitting != 1).then(|| format!("{place}: {fitting} of the forms")));
            }
            "required" => found.extend(
                rule.as_array()
                    .unwrap()
                    .iter()
                    .filter(|key| value.get(key.as_str().unwrap()).is_none())
                    .map(|key| format!("{place}: lacks {key}")),
            ),
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    problems(root, rule, item, &format!("{place}[{n}]"), found);
                }
            }
            "properties" => {
                for (key, rule) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(key) {
                        problems(root, rule, value, &format!("{place}.{key}"), found);
                    }
                }
            }
            "additionalProperties" => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    match (schema.pointer(&format!("/properties/{key}")), rule) {
                        (Some(_), _) => {}
                        (None, Value::Bool(allowed)) => {
                            found.extend((!allowed).then(|| format!("{place}: has {key}")));
                        }
                        (None, rule) => problems(root, rule, value, &format!("{place}.{key}"), found),
                    }
                }
            }
            "minProperties" | "maxProperties" => {
                let (has, bound) = (value.as_object().unwrap().len() as u64, rule.as_u64().unwrap());
                let fits = if word.starts_with("min") { has >= bound } else { has <= bound };
                found.extend((!fits).then(|| format!("{place}: {has} keys")));
            }
            "$schema" | "$defs" | "title" | "description" | "default" | "pattern" | "maxLength" => {}
            other => panic!("the schema has {other}, which is not checked here"),
        }
    }
}

fn judged(value: &Value) -> Vec<String> {
    let (schema, mut found) = (schema(), Vec::new());
    problems(&schema, &schema, value, "", &mut found);
    found
}

#[test]
fn the_example_is_what_the_schema_describes() {
    let example: toml::Table = std::fs::read_to_string(example()).unwrap().parse().unwrap();
    let example = serde_json::to_value(example).unwrap();
    assert_eq!(judged(&example), Vec::<String>::new());
    let top: BTreeSet<&str> = example.as_object().unwrap().keys().map(String::as_str).collect();
    let all = schema();
    for key in all["properties"].as_object().unwrap().keys() {
        assert!(top.contains(key.as_str()), "the example shows {key}");
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    for wrong in [
        json!({ "environment": [] }),
        json!({ "environments": [{ "name": "dev" }] }),
        json!({ "environments": [{ "name": "dev", "repository": "a.example/b", "upstream": "some" }] }),
        json!({ "edges": [{ "from": "dev", "to": "prod", "gate": "scan" }] }),
        json!({ "edges": [{ "from": "dev", "to": "prod", "advisory": [{ "gate": "scan" }] }] }),
        json!({ "edges": [{ "from": "dev", "to": "prod", "on": [{ "pushed": "main" }] }] }),
        json!({ "edges": [{ "from": "dev", "to": "prod", "on": [{ "push": "main", "tag": "v*" }] }] }),
        json!({ "edges": [{ "from": "dev", "to": "prod", "on": [{}] }] }),
        json!({ "gates": { "scan": { "says": "yes" } } }),
        json!({ "steps": { "migrate": { "program": "migrate" } } }),
        json!({ "conventions": { "rebuilds": "maybe" } }),
        json!({ "ledger": 3 }),
        json!({ "ledger": { "signers": ["release"] } }),
        json!({ "ledger": { "repository": "a.example/ledger", "signer": "release" } }),
        json!({ "evidence": { "valid-for": "90d" } }),
        json!({ "evidence": { "id": "https://ci.example", "levels": [] } }),
        json!({ "lease": { "ttl": "1m" } }),
        json!({ "lease": { "kind": "zookeeper" } }),
        json!({ "lease": { "kind": "file" } }),
        json!({ "lease": { "kind": "registry", "folder": "leases" } }),
        #[cfg(feature = "http")]
        json!({ "events": [{ "kind": "webhook" }] }),
        #[cfg(feature = "http")]
        json!({ "events": [{ "kind": "webhook", "url": "https://a.example", "secret": "x" }] }),
        #[cfg(feature = "http")]
        json!({ "events": [{ "kind": "cloudevents", "url": "https://a.example" }] }),
        #[cfg(feature = "http")]
        json!({ "events": [{ "kind": "webhook", "url": "https://a.example", "url-env": "CHAT" }] }),
    ] {
        assert!(!judged(&wrong).is_empty(), "{wrong}");
        assert!(Document::parse("x.yaml", Format::Yaml, &wrong.to_string()).is_err(), "{wrong}");
    }
}

/// The reader names the keys that it takes when it meets another.
#[test]
fn the_keys_are_those_of_the_reader() {
    let schema = schema();
    for (text, pointer) in [
        (r#"{"?": 1}"#, "/properties"),
        (r#"{"ledger": {"?": 1}}"#, "/$defs/ledger-repository/properties"),
        (r#"{"conventions": {"?": 1}}"#, "/properties/conventions/properties"),
        (r#"{"environments": [{"?": 1}]}"#, "/$defs/environment/properties"),
        (r#"{"edges": [{"?": 1}]}"#, "/$defs/edge/properties"),
        (r#"{"edges": [{"on": [{"?": "main"}]}]}"#, "/$defs/edge/properties/on/items/properties"),
        (r#"{"evidence": {"?": 1}}"#, "/$defs/evidence/properties"),
    ] {
        // JSON is YAML, and TOML has the same reader below.
        let error = Document::parse("x.toml", Format::Toml, &as_toml(text)).unwrap_err().to_string();
        let taken: BTreeSet<String> = error.split('`').skip(3).step_by(2).map(str::to_owned).collect();
        let described: BTreeSet<String> =
            schema.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect();
        assert_eq!(taken, described, "{error}");
    }
}

fn as_toml(json: &str) -> String {
    let value: Value = serde_json::from_str(json).unwrap();
    toml::to_string(&value).unwrap()
}
