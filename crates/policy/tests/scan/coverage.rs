//! Which image a report is about: every platform by the digest of its configuration or manifest, and nothing else.

use lockage_policy::scan::{Case, Code, Subject, Verdict, decide};

use crate::world::*;

fn both() -> [lockage_policy::scan::Report; 2] {
    [fresh(of_value(&emptied("reg-multi-amd64.json"))), fresh(of_value(&emptied("reg-multi-arm64.json")))]
}

#[test]
fn a_report_on_every_platform_covers_the_image_and_an_attestation_needs_none() {
    let verdict = judge(&two_platforms(), &both(), &strict());
    passed(&verdict);
    let platforms: Vec<_> = verdict.reports.iter().flat_map(|report| report.platforms.clone()).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
}

#[test]
fn the_default_scan_of_an_index_is_of_one_platform_though_it_names_the_index() {
    let report = fresh(of_value(&emptied("reg-multi-default.json")));
    assert_eq!(report.claims.repo_digests, [digest(INDEX)], "as every platform's report does");
    let verdict = judge(&two_platforms(), &[report], &strict());
    refused(&verdict, Verdict::Undecided, Code::NotCovered);
    assert!(verdict.reasons[0].message.contains("linux/arm64"), "{:?}", verdict.reasons);
}

#[test]
fn naming_the_index_by_digest_proves_no_platform() {
    let mut report = fresh(of_value(&emptied("reg-multi-bydigest-arm64.json")));
    let verdict = judge(&two_platforms(), std::slice::from_ref(&report), &strict());
    only(&verdict, &[Code::NotCovered]);
    assert!(verdict.reasons[0].message.contains("linux/amd64"), "it is arm64 that was scanned: {:?}", verdict.reasons);
    // Without the configuration there is only the digest that all platforms share.
    report.claims.config = None;
    refused(&judge(&two_platforms(), &[report], &strict()), Verdict::Undecided, Code::NotBound);
}

#[test]
fn a_layout_of_which_the_wrong_platform_was_scanned_does_not_cover_the_one_that_was_asked_for() {
    // trivy image --input LAYOUT --platform linux/arm64
    let report = fresh(of_value(&emptied("multiarch-arm64.json")));
    assert_eq!(report.claims.config, Some(digest(AMD64_CONFIG)), "the option was not heard");
    let verdict = judge(&two_platforms(), &[report.clone(), report], &strict());
    refused(&verdict, Verdict::Undecided, Code::NotCovered);
    assert!(verdict.reasons.iter().all(|reason| reason.message.contains("linux/arm64")), "{:?}", verdict.reasons);
}

#[test]
fn the_same_report_twice_covers_one_platform() {
    let [amd64, arm64] = both();
    refused(&judge(&two_platforms(), &[amd64.clone(), amd64], &strict()), Verdict::Undecided, Code::NotCovered);
    refused(&judge(&two_platforms(), &[arm64], &strict()), Verdict::Undecided, Code::NotCovered);
}

#[test]
fn a_report_on_another_image_is_none_on_this_one() {
    let [amd64, arm64] = both();
    let other = fresh(report("clean.json"));
    refused(&judge(&two_platforms(), std::slice::from_ref(&other), &strict()), Verdict::Undecided, Code::NotBound);
    // Also beside reports that cover everything: somebody meant it for something.
    only(&judge(&two_platforms(), &[amd64, arm64, other], &strict()), &[Code::NotBound]);
}

#[test]
fn an_attestation_is_no_platform_and_a_report_on_it_covers_nothing() {
    let [amd64, _] = both();
    let mut attested = amd64.clone();
    attested.claims.config = None;
    attested.claims.manifest = Some(made_up('c'));
    let verdict = judge(&two_platforms(), &[amd64, attested], &strict());
    assert_ne!(verdict.verdict, Verdict::Pass);
    only(&verdict, &[Code::Attestation, Code::NotCovered]);
}

#[test]
fn a_child_that_only_calls_itself_unknown_has_to_be_scanned_like_any_other() {
    let subject = two_platforms().platform("unknown/unknown", made_up('e'), made_up('f'));
    only(&judge(&subject, &both(), &strict()), &[Code::NotCovered]);
}

#[test]
fn two_images_for_one_platform_are_two() {
    let [amd64, _] = both();
    let subject = Subject::new(digest(INDEX)).platform("linux/amd64", made_up('a'), digest(AMD64_CONFIG)).platform(
        "linux/amd64",
        made_up('b'),
        digest(ARM64_CONFIG),
    );
    let verdict = judge(&subject, &[amd64], &strict());
    only(&verdict, &[Code::NotCovered]);
    assert!(verdict.reasons[0].message.contains("bbbbbbbbbbbb"), "{:?}", verdict.reasons);
}

#[test]
fn a_report_that_names_one_platform_and_says_another_is_not_understood() {
    let [mut amd64, arm64] = both();
    amd64.claims.platform = Some("linux/arm64".to_owned());
    only(&judge(&two_platforms(), &[amd64, arm64], &strict()), &[Code::Contradiction]);
}

#[test]
fn the_digest_of_a_platforms_manifest_binds_where_there_is_no_configuration() {
    let [mut amd64, arm64] = both();
    amd64.claims.config = None;
    amd64.claims.manifest = Some(made_up('a'));
    passed(&judge(&two_platforms(), &[amd64.clone(), arm64.clone()], &strict()));
    amd64.claims.manifest = Some(made_up('d'));
    refused(&judge(&two_platforms(), &[amd64.clone(), arm64.clone()], &strict()), Verdict::Undecided, Code::NotBound);
    amd64.claims.manifest = None;
    amd64.claims.repo_digests = vec![digest(INDEX), made_up('a')];
    passed(&judge(&two_platforms(), &[amd64, arm64], &strict()));
}

#[test]
fn what_the_caller_says_does_not_outweigh_what_the_report_says() {
    let [amd64, arm64] = both();
    let told = amd64.clone().told_subject(made_up('b'));
    let verdict = judge(&two_platforms(), &[told, arm64.clone()], &strict());
    only(&verdict, &[Code::Contradiction, Code::NotCovered]);
    let told = amd64.told_subject(made_up('a'));
    passed(&judge(&two_platforms(), &[told, arm64.clone()], &strict()));
    // And saying the index says nothing.
    let mut silent = arm64;
    silent.claims = lockage_policy::scan::Claims::default();
    let verdict = judge(&two_platforms(), &[silent.told_subject(digest(INDEX))], &strict());
    refused(&verdict, Verdict::Undecided, Code::NotBound);
}

#[test]
fn a_platform_that_is_expected_has_to_be_there() {
    let config = strict().platform("linux/amd64").platform("linux/s390x");
    only(&judge(&two_platforms(), &both(), &config), &[Code::PlatformMissing]);
    let [amd64, _] = both();
    let verdict = decide(&Case::of_reports_alone(&[amd64]), &config, now());
    only(&verdict, &[Code::PlatformMissing]);
}

#[test]
fn a_scanner_that_is_expected_has_to_have_seen_every_platform() {
    let [amd64, arm64] = both();
    let mut grype = amd64.clone();
    grype.tool = lockage_policy::scan::Tool::new("grype");
    let config = strict().tool("trivy").tool("grype");
    let verdict = judge(&two_platforms(), &[amd64, arm64, grype], &config);
    only(&verdict, &[Code::NotCovered]);
    assert!(verdict.reasons[0].message.contains("grype is about linux/arm64"), "{:?}", verdict.reasons);
}

#[test]
fn an_image_without_a_platform_is_not_covered() {
    only(&judge(&Subject::new(made_up('1')), &[], &strict()), &[Code::NoReports, Code::NotCovered]);
}

#[test]
fn reports_alone_are_judged_and_a_warning_says_what_that_does_not_show() {
    let verdict = decide(&Case::of_reports_alone(&[fresh(report("clean.json"))]), &strict(), now());
    passed(&verdict);
    assert!(verdict.warnings[0].contains("nobody said which image"), "{:?}", verdict.warnings);
}
