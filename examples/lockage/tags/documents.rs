//! `lockage tags --from`: documents with inputs and a build, one a line, and one result a line.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use lockage_tagging::actions::{Document, Profile};
use serde_json::Value;

use crate::promote::Trouble;
use crate::report::{Failure, say_json};

/// Answers every line of `file` in order, and stops at one that is no document. `now` is the instant of documents that
/// have none.
pub(crate) fn run(file: &Path, profile: Profile, now: Option<Timestamp>) -> Result<ExitCode, Failure> {
    let place = file.display();
    let unreadable =
        |error: std::io::Error| Failure::usage(&Trouble::new(format_args!("{place}: cannot be read")).because(error));
    let lines: Box<dyn BufRead> = match file.to_str() {
        Some("-") => Box::new(std::io::stdin().lock()),
        _ => Box::new(BufReader::new(File::open(file).map_err(unreadable)?)),
    };
    let now = now.unwrap_or_else(Timestamp::now);
    for (number, line) in (1_u64..).zip(lines.lines()) {
        let line = line.map_err(unreadable)?;
        if line.trim().is_empty() {
            continue;
        }
        let document = document(&line).map_err(|why| {
            let trouble = Trouble::new(format_args!("{place}:{number}: no document")).because(why);
            Failure::usage(&trouble.remedy("a document has raw_inputs or inputs, env, and context, on one line"))
        })?;
        say_json(&document.answer(profile, now))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The document in `line`. One without inputs, or without a build, is none: it would be answered with the tags of
/// nothing.
fn document(line: &str) -> Result<Document, Box<dyn std::error::Error + Send + Sync>> {
    let value: Value = serde_json::from_str(line)?;
    let has = |name: &str| value.get(name).is_some_and(Value::is_object);
    if !value.is_object() {
        return Err("it is no JSON object".into());
    }
    if !has("git") {
        if !has("raw_inputs") && !has("inputs") {
            return Err("it has neither raw_inputs nor inputs".into());
        }
        if !has("context") {
            return Err("it has no context".into());
        }
    }
    Ok(serde_json::from_value(value)?)
}

#[cfg(test)]
mod tests {
    use super::document;

    #[test]
    fn what_is_not_a_document_says_why() {
        for (line, why) in [
            ("[]", "it is no JSON object"),
            ("{}", "it has neither raw_inputs nor inputs"),
            (r#"{"raw_inputs":null,"inputs":null,"context":{}}"#, "it has neither raw_inputs nor inputs"),
            (r#"{"raw_inputs":{}}"#, "it has no context"),
        ] {
            assert_eq!(document(line).unwrap_err().to_string(), why, "{line}");
        }
        for line in ["{", r#"{"raw_inputs":{"tags":1},"context":{}}"#, r#"{"inputs":{},"context":{"now":"then"}}"#] {
            assert!(document(line).is_err(), "{line}");
        }
        assert!(document(r#"{"git":{}}"#).is_ok());
        assert!(document(r#"{"inputs":{"tags":[]},"env":{},"context":{"sha":"x"}}"#).is_ok());
    }
}
