//! The planner against the model: the same tags and the same manifests go, case for case.

use std::io::BufRead as _;

use lockage_policy::retain::Policy;
use serde::Deserialize;

use super::case::{Case, Outcome};
use super::generate::Random;
use super::oracle;

/// More where LOCKAGE_RETAIN_CASES says so.
fn cases() -> u64 {
    std::env::var("LOCKAGE_RETAIN_CASES").map_or(10_000, |cases| cases.parse().unwrap())
}

#[test]
fn random_cases_are_planned_as_the_model_plans_them() {
    let mut deletes = 0_u64;
    for seed in 0..cases() {
        let case = Random::new(seed).case();
        let (expected, found) = (oracle::plan(&case), case.outcome());
        assert_eq!(found, expected, "seed {seed}: {case:#?}\n{:#}", case.document());
        deletes += u64::from(!found.dead.is_empty());
        if seed % 100 == 0 {
            let read: Policy = serde_json::from_value(case.document()).unwrap();
            assert_eq!(read, case.rules(), "{:#}", case.document());
            let written: Policy = serde_json::from_value(serde_json::to_value(&read).unwrap()).unwrap();
            assert_eq!(written, read);
        }
    }
    assert!(deletes * 20 > cases(), "only {deletes} cases delete a manifest");
}

/// Cases with the answers of the Python model, as `scripts/retain-model` writes them.
#[test]
#[ignore = "it reads what scripts/retain-model writes"]
fn cases_of_the_python_model_are_planned_as_it_plans_them() {
    #[derive(Deserialize)]
    struct Answered {
        #[serde(flatten)]
        case: Case,
        expect: Outcome,
    }
    let mut count = 0;
    for line in std::io::stdin().lock().lines() {
        let Answered { case, expect } = serde_json::from_str(&line.unwrap()).unwrap();
        assert_eq!(case.outcome(), expect, "{case:#?}");
        assert_eq!(oracle::plan(&case), expect, "{case:#?}");
        count += 1;
    }
    assert!(count > 0, "there were no cases");
    println!("{count} cases are planned as the Python model plans them");
}
