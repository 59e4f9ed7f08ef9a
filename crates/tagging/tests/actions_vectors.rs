//! What `docker/metadata-action` does, vector by vector, against the compatible profile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod ordered;

use std::{collections::BTreeMap, thread};

use jiff::Timestamp;
use lockage_tagging::actions::{Answer, Document, Profile};
use ordered::Ordered;
use serde_json::{Value, json};

const VECTORS: &str = include_str!("vectors/tagging.jsonl");

/// The vectors whose result may differ, an `id: reason` a line.
const DIFFERENCES: &str = include_str!("vectors/differences.txt");

#[test]
fn every_vector_holds_except_the_differences_that_are_listed() {
    let listed: BTreeMap<&str, &str> = DIFFERENCES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(": ").expect("an id and a reason"))
        .collect();
    let lines: Vec<&str> = VECTORS.lines().collect();
    let results: Vec<(String, u8, Result<(), String>)> = thread::scope(|scope| {
        let judge = |line: &&str| {
            let vector: Value = serde_json::from_str(line).unwrap();
            (vector["id"].as_str().unwrap().to_owned(), tier(&vector), check(line, &vector))
        };
        let parts = lines.chunks(lines.len().div_ceil(4));
        let threads: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().map(judge).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });

    let (mut wrong, mut met, mut held) = (Vec::new(), 0, BTreeMap::new());
    for (id, tier, result) in &results {
        match (result, listed.get(id.as_str())) {
            (Ok(()), None) => *held.entry(tier).or_insert(0) += 1,
            (Ok(()), Some(_)) => wrong.push(format!("{id}: it holds, take it off the list of differences")),
            (Err(_), Some(_)) if *tier == 3 => met += 1,
            (Err(difference), Some(_)) => wrong.push(format!("{id}: only tier 3 may differ: {difference}")),
            (Err(difference), None) => wrong.push(format!("{id} (tier {tier}): {difference}")),
        }
    }
    assert!(wrong.is_empty(), "{} are wrong, by tier {held:?} hold\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(met, listed.len(), "a difference is listed that no vector is about");
    assert_eq!(results.len(), 991);
}

/// How closely a vector has to be met: 1 to the letter, 2 must fail, 3 may differ.
fn tier(vector: &Value) -> u8 {
    let features: Vec<&str> = vector["features"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let error_origin = vector["expected_error"]["origin"].as_str();
    // The order of keys beyond ASCII hangs on the tables of a runtime.
    let inputs = [&vector["raw_inputs"], &vector["inputs"]].map(|inputs| [&inputs["labels"], &inputs["annotations"]]);
    let beyond_ascii = inputs.iter().flatten().any(|labels| !labels.to_string().is_ascii());
    if beyond_ascii || features.iter().any(|feature| matches!(*feature, "handlebars-advanced" | "nan" | "error-js")) {
        return 3;
    }
    match error_origin {
        None | Some("action") => 1,
        Some(_) => 2,
    }
}

fn check(line: &str, vector: &Value) -> Result<(), String> {
    let document: Document = serde_json::from_str(line).unwrap();
    check_inputs(&document, vector)?;
    check_resolved(&document, vector)?;
    // Vectors name their instant; this one would be seen.
    let answer = document.answer(Profile::Compatible, Timestamp::UNIX_EPOCH);
    match (&answer, vector.get("expected_error")) {
        (Answer::Error(error), None) => Err(format!("fails with {error}")),
        (Answer::Error(_), Some(expected)) => {
            let error = serde_json::to_value(&answer).unwrap()["error"].take();
            let must_say = expected["origin"] == "action";
            same("stage", &expected["stage"], &error["stage"])?;
            if must_say {
                same("origin", &expected["origin"], &error["origin"])?;
                same("message", &expected["message"], &error["message"])?;
            }
            check_parsed(&document, vector)
        }
        (_, Some(expected)) => Err(format!("does not fail with {}", expected["message"])),
        (Answer::Ref(_), None) => same("ref", &vector["expected"], &serde_json::to_value(&answer).unwrap()),
        (Answer::Expected(_), None) => {
            let found = serde_json::to_value(&answer).unwrap();
            let expected = completed(vector);
            let keys = expected.as_object().unwrap().keys();
            assert_eq!(keys.clone().collect::<Vec<_>>(), found.as_object().unwrap().keys().collect::<Vec<_>>());
            for key in keys {
                same(key, &expected[key], &found[key])?;
            }
            check_bytes(line, &document)
        }
    }
}

/// The raw inputs are read as the lists that the vector has.
fn check_inputs(document: &Document, vector: &Value) -> Result<(), String> {
    let Some(raw) = &document.raw_inputs else { return Ok(()) };
    match (raw.parse(Profile::Compatible), vector["inputs"].is_null()) {
        (Ok(inputs), false) => same("inputs", &vector["inputs"], &serde_json::to_value(inputs).unwrap()),
        (Err(_), true) => Ok(()),
        (Ok(_), true) => Err("the raw inputs can be read".to_owned()),
        (Err(error), false) => Err(format!("the raw inputs cannot be read: {error}")),
    }
}

fn check_resolved(document: &Document, vector: &Value) -> Result<(), String> {
    let Some(expected) = vector.pointer("/context/resolved") else { return Ok(()) };
    let now = document.context.now.unwrap();
    let resolved = document.context().resolve(now, Profile::Compatible).map_err(|error| error.to_string())?;
    let date = resolved.commit_date.map(|date| date.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string());
    let found = json!({
        "event_name": resolved.event_name, "ref": resolved.git_ref, "sha": resolved.sha, "commit_date": date,
    });
    same("resolved", expected, &found)
}

fn check_parsed(document: &Document, vector: &Value) -> Result<(), String> {
    let Some(expected) = vector.get("expected_parsed").filter(|parsed| !parsed.is_null()) else { return Ok(()) };
    let action = document.action().profile(Profile::Compatible);
    let parsed = action.parsed().map_err(ToString::to_string)?;
    same("parsed", expected, &json!({"images": parsed.images, "tags": parsed.rules, "flavor": parsed.flavor}))
}

/// What the vector expects, with the parts that it leaves out because they follow from the others.
fn completed(vector: &Value) -> Value {
    let mut expected = vector["expected"].clone();
    if expected["annotations"] == "=labels" {
        expected["annotations"] = expected["labels"].clone();
    }
    let target = vector["inputs"]["bake_target"].as_str().unwrap();
    let all = expected["bake"]["all"]["target"][target].clone();
    let leveled = expected["json"]["annotations"].clone();
    let parts = [
        ("tags", json!({"tags": all["tags"], "args": all["args"]})),
        ("labels", json!({"labels": all["labels"]})),
        ("annotations", json!({"annotations": leveled})),
    ];
    let bake = expected["bake"].as_object_mut().unwrap();
    for (name, part) in parts {
        bake.entry(name).or_insert_with(|| json!({"target": {target: part}}));
    }
    if expected.get("outputs").is_none() {
        let joined = |list: &Value| {
            list.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>().join("\n")
        };
        expected["outputs"] = json!({
            "version": expected["version"]["main"].as_str().unwrap_or_default(),
            "tags": joined(&expected["tags"]),
            "tag-names": joined(&expected["tag_names"]),
            "labels": joined(&expected["labels"]),
            "annotations": joined(&leveled),
        });
    }
    expected
}

/// The output `json` and the bake file are the expected ones to the byte.
fn check_bytes(line: &str, document: &Document) -> Result<(), String> {
    let metadata = document.metadata(Profile::Compatible, Timestamp::UNIX_EPOCH).map_err(|error| error.to_string())?;
    let vector: Ordered = serde_json::from_str(line).unwrap();
    let expected = serde_json::to_string(vector.at(&["expected", "json"]).unwrap()).unwrap();
    let outputs = metadata.outputs();
    let found = outputs.iter().find(|output| output.name == "json").unwrap();
    if expected != found.value {
        return Err(format!("json is\n{}\nnot\n{expected}", found.value));
    }
    for file in metadata.file_outputs() {
        let name = file.name.trim_start_matches("bake-file").trim_start_matches('-');
        let name = if name.is_empty() { "all" } else { name };
        let Some(expected) = vector.at(&["expected", "bake", name]) else { continue };
        let (expected, found) = (serde_json::to_string_pretty(expected).unwrap(), file.file.to_text());
        if expected != found {
            return Err(format!("{} is\n{found}\nnot\n{expected}", file.name));
        }
    }
    Ok(())
}

fn same(what: &str, expected: &Value, found: &Value) -> Result<(), String> {
    if expected == found { Ok(()) } else { Err(format!("{what} is {found}, not {expected}")) }
}
