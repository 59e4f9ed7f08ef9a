//! The check gate beside what users describe: no report of one kind stands for the other.

use lockage_policy::gate::{CheckGate, GivenReports, ScanGate, Told};
use lockage_policy::scan::{CheckReport, ChecksConfig, ExitCodes, Level};

use crate::world::{COMMIT, World, asked, built, clean, passes, reasons, strict, undecided};

#[tokio::test]
async fn scans_are_no_checks_and_checks_are_no_scans() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let check = CheckReport::of_exit("rspec", Some(0), &ExitCodes::default()).told_commit(COMMIT);
    let both = clean(&built).check(check, None);
    assert!(
        undecided(asked(&ScanGate::new(strict()).reports(both.clone()), &plan, &world.dev).await).contains("no scans")
    );
    let gate = CheckGate::new(ChecksConfig::at_least(Level::Error)).reports(both);
    assert!(undecided(asked(&gate, &plan, &world.dev).await).contains("no checks"));
}

#[tokio::test]
async fn a_tool_that_is_expected_and_did_not_run_decides_nothing() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let codes = ExitCodes::default().fails(1);
    let report = |code| CheckReport::of_exit("rspec", Some(code), &codes).told_commit(COMMIT);
    let gate = |code| {
        let gate = CheckGate::new(ChecksConfig::at_least(Level::Error)).tool("rspec").tool("rubocop");
        gate.reports(GivenReports::new().check(report(code), None))
    };
    assert!(undecided(asked(&gate(0), &plan, &world.dev).await).contains("no report of rubocop"));
    assert_eq!(reasons(asked(&gate(1), &plan, &world.dev).await).len(), 2, "what is wrong, and what is missing");
}

#[tokio::test]
async fn a_report_by_digest_and_one_by_commit_are_each_held_to_what_they_name() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let other = "91c0d1e0c1f5b3a4d6e7f8091a2b3c4d5e6f7081";
    let cst = br#"{"Pass": 1, "Fail": 0, "Total": 1, "Results": [{"Name": "user", "Pass": true}]}"#.to_vec();
    let exit = |commit: &str| CheckReport::of_exit("rspec", Some(0), &ExitCodes::default()).told_commit(commit);
    let gate = |commit: &str| {
        let reports = GivenReports::new().told("cst.json", cst.clone(), Told::nothing().image(built.digest()));
        CheckGate::new(ChecksConfig::at_least(Level::Error)).reports(reports.check(exit(commit), None))
    };
    passes(asked(&gate(COMMIT), &plan, &world.dev).await);
    undecided(asked(&gate(other), &plan, &world.dev).await);
    // A digest does not excuse another commit.
    let gate = CheckGate::new(ChecksConfig::at_least(Level::Error))
        .reports(GivenReports::new().check(exit(other), Some(built.digest())));
    undecided(asked(&gate, &plan, &world.dev).await);
}
