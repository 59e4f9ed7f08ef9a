//! What holds for all reports: a finding more never helps, a report less never helps, and no bytes do harm.

use std::sync::LazyLock;

use lockage_policy::jiff::SignedDuration;
use lockage_policy::scan::{
    Baseline, Case, DAY, Document, Exceptions, Finding, Package, Report, ScanConfig, Severity, Status, Subject,
    Verdict, decide, read,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::world::*;

fn severity() -> impl Strategy<Value = Severity> {
    proptest::sample::select(&Severity::ALL[..])
}

prop_compose! {
    fn finding()(
        id in 0..6_u8,
        package in "[ab]",
        version in "[12]",
        severity in severity(),
        status in proptest::sample::select(vec![Status::Fixed, Status::Affected, Status::Unknown]),
        days in proptest::option::of(0..20_i64),
        exploited in any::<bool>(),
        alias in proptest::option::of(0..6_u8),
    ) -> Finding {
        let mut finding = Finding::new(format!("CVE-2026-{id}"), Package::new(package, version), severity);
        finding.status = status;
        finding.published = days.map(|days| now().checked_sub(SignedDuration::from_hours(24 * days)).unwrap());
        finding.known_exploited = exploited;
        finding.aliases = alias.map(|alias| format!("GHSA-{alias}")).into_iter().collect();
        finding
    }
}

prop_compose! {
    fn config()(
        at_least in severity(),
        unknown in severity(),
        unfixed in any::<bool>(),
        grace in proptest::option::of((severity(), 0..15_u32)),
        baseline in any::<bool>(),
    ) -> ScanConfig {
        let mut config = ScanConfig::at_least(at_least).unknown_as(unknown);
        if unfixed {
            config = config.ignore_unfixed();
        }
        if let Some((severity, days)) = grace {
            config = config.grace(severity, DAY * days);
        }
        if baseline {
            config = config.only_new_since("prod");
        }
        config
    }
}

/// Reports on both platforms that found nothing.
static EMPTY: LazyLock<[Report; 2]> =
    LazyLock::new(|| ["reg-multi-amd64.json", "reg-multi-arm64.json"].map(|name| fresh(of_value(&emptied(name)))));

fn reports(amd64: Vec<Finding>, arm64: Vec<Finding>) -> Vec<Report> {
    let mut reports = EMPTY.to_vec();
    reports[0].findings = amd64;
    reports[1].findings = arm64;
    reports
}

fn verdict(subject: &Subject, reports: &[Report], config: &ScanConfig, known: &[Finding]) -> Verdict {
    let mut prod = EMPTY[0].clone();
    prod.findings = known.to_vec();
    let baseline = Baseline::of_reports("prod", &[prod]);
    let exceptions = Exceptions::trivyignore("GHSA-3 exp:2026-12-01", ".trivyignore").unwrap();
    let case = Case::new(subject, reports).baseline(&baseline).exceptions(&exceptions);
    decide(&case, config, now()).verdict
}

proptest! {
    #[test]
    fn one_finding_more_never_turns_a_refusal_into_a_pass(
        amd64 in proptest::collection::vec(finding(), 0..6),
        arm64 in proptest::collection::vec(finding(), 0..6),
        known in proptest::collection::vec(finding(), 0..4),
        more in finding(),
        on_amd64 in any::<bool>(),
        config in config(),
    ) {
        let config = config.exceptions_without_owner();
        let mut reports = reports(amd64, arm64);
        let before = verdict(&two_platforms(), &reports, &config, &known);
        reports[usize::from(!on_amd64)].findings.push(more);
        let after = verdict(&two_platforms(), &reports, &config, &known);
        prop_assert!(before == Verdict::Pass || after != Verdict::Pass, "{before:?} {after:?}");
    }

    #[test]
    fn one_report_less_never_makes_a_pass(
        amd64 in proptest::collection::vec(finding(), 0..3),
        arm64 in proptest::collection::vec(finding(), 0..3),
        config in config(),
        gone in 0..2_usize,
    ) {
        let mut reports = reports(amd64, arm64);
        reports.remove(gone);
        prop_assert_ne!(verdict(&two_platforms(), &reports, &config, &[]), Verdict::Pass);
    }

    #[test]
    fn a_higher_threshold_and_every_indulgence_only_ever_help(
        amd64 in proptest::collection::vec(finding(), 0..6),
        config in config(),
    ) {
        let reports = reports(amd64, Vec::new());
        let before = verdict(&two_platforms(), &reports, &config, &[]);
        let after = verdict(&two_platforms(), &reports, &config.clone().ignore_unfixed(), &[]);
        prop_assert!(before != Verdict::Pass || after == Verdict::Pass);
    }

    #[test]
    fn the_order_of_reports_and_findings_decides_nothing(
        mut amd64 in proptest::collection::vec(finding(), 0..6),
        arm64 in proptest::collection::vec(finding(), 0..6),
        config in config(),
    ) {
        let mut reports = reports(amd64.clone(), arm64);
        let before = verdict(&two_platforms(), &reports, &config, &[]);
        amd64.reverse();
        reports[0].findings = amd64;
        reports.reverse();
        prop_assert_eq!(verdict(&two_platforms(), &reports, &config, &[]), before);
    }

    #[test]
    fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn a_document_that_was_changed_anywhere_is_read_or_refused_and_never_passes_for_less(
        name in proptest::sample::select(vec![
            "debian12.json", "debian12.sarif", "debian12.cdx-vuln.json", "debian12.cosign-vuln.json", "hadolint.json",
            "cst.json", "ignore/openvex.json", "debian12-ignored-yaml.json", "hadolint.sarif",
        ]),
        seed in any::<u64>(),
        with in proptest::sample::select(vec![
            Value::Null, Value::Bool(true), 7.into(), "".into(), "x".into(), Value::Array(Vec::new()), serde_json::json!({}),
        ]),
    ) {
        let mut value = json(name);
        change(&mut value, seed, &with);
        if let Ok(Document::Report(report)) = read(value.to_string().as_bytes()) {
            let subject = image(AMD64_CONFIG);
            let verdict = judge(&subject, std::slice::from_ref(&fresh(*report)), &strict());
            // One change takes away at most one list of findings, and there are two.
            prop_assert_ne!(verdict.verdict, Verdict::Pass, "{:?}", value);
        }
    }
}

/// Puts `with` in the place of one value, the deeper the more often.
fn change(value: &mut Value, seed: u64, with: &Value) {
    let (next, count) = (seed / 31, seed % 31);
    let children: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => Vec::new(),
    };
    let chosen = usize::try_from(count).unwrap() % children.len().max(1);
    match children.into_iter().nth(chosen) {
        Some(child) if seed != 0 => change(child, next, with),
        _ => *value = with.clone(),
    }
}

#[test]
fn a_cut_off_document_is_never_a_report() {
    for name in ["debian12.json", "clean.json", "debian12.sarif", "debian12.cdx-vuln.json"] {
        let bytes = bytes(name);
        let whole = bytes.trim_ascii_end().len();
        for end in (0..whole).step_by(97).chain([whole - 1]) {
            assert!(read(&bytes[..end]).is_err(), "{name} to {end}");
        }
    }
}
