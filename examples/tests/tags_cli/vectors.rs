//! Every vector through `lockage tags --from`, as documents without their answers.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Map, Value, json};

use crate::run::Run;

fn read(name: &str) -> String {
    let path = format!("{}/../crates/tagging/tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_vector_is_answered_on_its_line() {
    let vectors: Vec<Value> = read("tagging.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let differences = read("differences.txt");
    let listed: BTreeSet<_> = differences
        .lines()
        .filter_map(|line| Some(line.split_once(": ")?.0))
        .filter(|id| !id.starts_with('#'))
        .collect();
    let question = |vector: &Value| {
        let keys = ["raw_inputs", "inputs", "env", "context", "git"];
        let has = |key: &&str| vector.get(key).is_some();
        let document: Map<_, _> =
            keys.iter().filter(|key| has(key)).map(|key| ((*key).to_owned(), vector[*key].clone())).collect();
        Value::Object(document).to_string() + "\n"
    };
    let done = Run::new().run_with(&["tags", "--from", "-"], vectors.iter().map(question).collect());
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    let answers: Vec<Value> = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), vectors.len());

    let mut wrong = Vec::new();
    for (vector, answer) in vectors.iter().zip(&answers) {
        let id = vector["id"].as_str().unwrap();
        if let Err(difference) = compare(vector, answer)
            && !listed.contains(id)
        {
            wrong.push(format!("{id}: {difference}"));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn compare(vector: &Value, answer: &Value) -> Result<(), String> {
    if let Some(error) = vector.get("expected_error") {
        let found = answer.get("error").ok_or("it does not fail")?;
        let says = |error: &Value| json!([error["stage"], error["origin"], error["message"]]);
        let free = error["origin"] != "action";
        return if free || says(found) == says(error) { Ok(()) } else { Err(format!("{found} is not {error}")) };
    }
    let expected = &vector["expected"];
    if vector["kind"] == "git-ref" {
        return same("ref", &expected["ref"], &answer["ref"]);
    }
    for key in
        ["parsed", "version", "tags", "tag_names", "labels", "annotations", "json", "bake", "outputs", "warnings"]
    {
        let found = answer.get(key).ok_or_else(|| format!("no {key}: {answer}"))?;
        match (key, &expected[key]) {
            ("annotations", Value::String(_)) => same(key, &expected["labels"], found)?,
            ("bake", wanted) => {
                for (file, wanted) in wanted.as_object().unwrap() {
                    same(file, wanted, &found[file])?;
                }
            }
            // It follows from the others where the vector leaves it out.
            ("outputs", Value::Null) => {
                let tags: Vec<_> = expected["tags"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
                same("outputs.tags", &json!(tags.join("\n")), &found["tags"])?;
            }
            (_, wanted) => same(key, wanted, found)?,
        }
    }
    Ok(())
}

fn same(what: &str, wanted: &Value, found: &Value) -> Result<(), String> {
    if wanted == found { Ok(()) } else { Err(format!("{what} is {found}, not {wanted}")) }
}

#[test]
fn a_line_that_is_no_document_is_refused_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("documents.jsonl");
    let good = r#"{"raw_inputs":{"tags":"type=sha"},"env":{},"context":{"event_name":"push","ref":"refs/heads/x","sha":"860c1904a1ce"}}"#;
    fs::write(&file, format!("{good}\n\n{{\"raw_inputs\"\n{good}\n")).unwrap();
    let done = Run::new().run(&["tags", "--from", file.to_str().unwrap()]);
    assert_eq!(done.code, 2);
    assert_eq!(done.out.lines().count(), 1, "{}", done.out);
    assert_eq!(done.first_error(), format!("error: {}:3: no document", file.display()));
    assert!(done.err.contains("\n  caused by: "), "{}", done.err);
    assert!(done.err.ends_with("a document has raw_inputs or inputs, env, and context, on one line\n"), "{}", done.err);

    let done = Run::new().run(&["tags", "--from", "/nonexistent"]);
    assert_eq!((done.code, done.first_error()), (2, "error: /nonexistent: cannot be read"));
    let done = Run::new().run(&["tags", "--from", "-", "--images", "app"]);
    assert_eq!(done.code, 2);
}

#[test]
fn an_error_in_a_document_is_its_answer() {
    let lines = "{\"raw_inputs\":{\"tags\":\"type=x\"},\"context\":{}}\n{\"inputs\":{\"tags\":[\"type=raw,value=\"]},\"context\":{}}\n";
    let done = Run::new().run_with(&["tags", "--from", "-"], lines.to_owned());
    assert_eq!(done.code, 0, "{}", done.err);
    let answers: Vec<Value> = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        answers[0],
        json!({"error": {"stage": "parse-tags", "origin": "action", "message": "Unknown tag type attribute: x"}})
    );
    assert_eq!(answers[1]["version"], json!({"main": null, "partial": [], "latest": false}));
}

#[test]
fn documents_are_answered_strictly_when_that_is_asked_for() {
    let line = r#"{"raw_inputs":{"tags":"type=sha,prefix={{branch}}-"},"context":{"ref":"refs/tags/v1","sha":"860c1904a1ce"}}"#;
    for (arguments, tags) in
        [(&["tags", "--from", "-"] as &[_], json!(["-860c190"])), (&["tags", "--from", "-", "--strict"], json!([]))]
    {
        let done = Run::new().run_with(arguments, line.to_owned());
        assert_eq!(done.code, 0, "{}", done.err);
        let answer: Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!(answer["tags"], tags);
    }
}
