//! `kind = "test-result"`: tests have passed, says an in-toto test result.

use std::time::{Duration, SystemTime};

use lockage_promote::pipeline::documents::{Parameters, TableProblem};
use serde::Deserialize;

use super::asked::{Asked, built, max_age, young};
use super::problem;
use crate::format::{PredicateType, TestVerdict, TypedPredicate};
use crate::gate::{AttestationGate, Signers};
use crate::verify::Attestation;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    signers: Vec<String>,
    threshold: Option<usize>,
    #[serde(default)]
    recursive: bool,
    #[serde(default)]
    transparency_log: bool,
    #[serde(default)]
    timestamp: bool,
    max_age: Option<String>,
    #[serde(default)]
    configurations: Vec<String>,
    #[serde(default)]
    tests: Vec<String>,
    #[serde(default)]
    warnings: bool,
}

struct Wanted {
    max_age: Option<Duration>,
    configurations: Vec<String>,
    tests: Vec<String>,
    warnings: bool,
}

pub(super) fn gate(known: &Signers, parameters: &Parameters) -> Result<AttestationGate, TableProblem> {
    let written: Written = parameters.read()?;
    let Written { signers, threshold, recursive, transparency_log, timestamp, configurations, tests, warnings, .. } =
        written;
    let (policy, has_root) = Asked { signers, threshold, recursive, transparency_log, timestamp }.policy(known)?;
    let max_age = max_age(written.max_age.as_deref())?;
    if max_age.is_some() && !has_root {
        return Err(problem(
            "max-age: a test result says no time, and none of the signers has a trusted root that could prove one",
            "Give one a trusted-root, and have it sign with a log or a timestamp.",
        ));
    }
    let kind: PredicateType = "test-result".parse().map_err(|error| problem(error, ""))?;
    let wanted = Wanted { max_age, configurations, tests, warnings };
    let judge =
        move |predicate: &TypedPredicate, attestation: &Attestation, now| wanted.judge(predicate, attestation, now);
    Ok(AttestationGate::new(built(policy)?, kind).judge_at(judge))
}

impl Wanted {
    fn judge(&self, predicate: &TypedPredicate, attestation: &Attestation, now: SystemTime) -> Result<(), String> {
        let TypedPredicate::TestResult(result) = predicate else { return Err("it is no test result".to_owned()) };
        match result.result {
            TestVerdict::Passed => {}
            TestVerdict::Warned if self.warnings => {}
            TestVerdict::Warned => return Err(format!("tests have passed with warnings: {}", some(&result.warned))),
            TestVerdict::Failed => return Err(format!("tests have failed: {}", some(&result.failed))),
        }
        if let Some(missing) = self.configurations.iter().find(|name| !result.configurations.contains(name)) {
            return Err(format!("it is not of the configuration {missing}"));
        }
        // One that has passed with a warning counts where warnings do.
        let has_passed =
            |name: &&String| result.passed.contains(name) || (self.warnings && result.warned.contains(name));
        if let Some(missing) = self.tests.iter().find(|name| !has_passed(name)) {
            return Err(format!("the test {missing} is not among those that have passed"));
        }
        match self.max_age {
            Some(max_age) => young(max_age, None, attestation, now),
            None => Ok(()),
        }
    }
}

/// The first of them.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "it does not say which".to_owned(),
        many if many > SHOWN => format!("{shown} and {} more", many - SHOWN),
        _ => shown,
    }
}
