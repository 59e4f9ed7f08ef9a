//! Predicates by their types: what is read of each, and what is refused.

use lockage_signing::format::{FormatError, Sbom, SbomFormat, TestVerdict, TypedPredicate, VexStatus};
use serde_json::value::RawValue;

fn read(kind: &str, predicate: &str) -> Result<TypedPredicate, FormatError> {
    TypedPredicate::read(&kind.parse().unwrap(), &RawValue::from_string(predicate.to_owned()).unwrap())
}

fn refused(kind: &str, predicate: &str, why: &str) {
    let error = read(kind, predicate).unwrap_err().to_string();
    assert!(error.contains(why), "{kind} {predicate}: {error}");
}

#[test]
fn provenance_says_who_built_it_and_from_what() {
    let (first, second) = (
        r#"{"builder":{"id":"https://ci.test"},"buildType":"https://b.test/v1","metadata":{"buildInvocationId":"7"},
            "materials":[{"uri":"git+https://g.test/a","digest":{"sha1":"ab"}},{"uri":"x"}]}"#,
        r#"{"buildDefinition":{"buildType":"https://b.test/v1","externalParameters":{},"resolvedDependencies":
            [{"uri":"git+https://g.test/a","digest":{"sha1":"ab"},"name":"n"},{"uri":"x"}]},
            "runDetails":{"builder":{"id":"https://ci.test","version":{}},"metadata":{"invocationId":"7"}}}"#,
    );
    let TypedPredicate::Provenance(first) = read("slsaprovenance02", first).unwrap() else { panic!() };
    let TypedPredicate::Provenance(second) = read("slsaprovenance1", second).unwrap() else { panic!() };
    assert_eq!(first, second);
    assert_eq!((first.builder.as_str(), first.build_type.as_str()), ("https://ci.test", "https://b.test/v1"));
    assert_eq!((first.invocation.as_deref(), first.materials.len()), (Some("7"), 2));
    assert_eq!(first.materials[0].digest["sha1"], "ab");

    refused("slsaprovenance1", r#"{"builder":{"id":"x"},"buildType":"y"}"#, "missing field `buildDefinition`");
    refused("slsaprovenance02", r#"{"builder":{"id":""},"buildType":"y"}"#, "no builder ID");
    refused("slsaprovenance02", r#"{"builder":{},"buildType":"y"}"#, "no builder ID");
    refused("slsaprovenance02", r#"{"builder":["x"],"buildType":"y"}"#, "expected an object");
    refused("slsaprovenance02", r#"{"builder":{"id":"x"}}"#, "no build type");
    refused("slsaprovenance02", r#"{"builder":{"id":"x"},"buildType":"y","materials":{}}"#, "invalid type");
    refused("slsaprovenance1", "[]", "not a JSON object");
    refused("slsaprovenance1", "null", "not a JSON object");
}

#[test]
fn a_scan_has_a_scanner_and_a_result() {
    let predicate = r#"{"invocation":{"uri":""},"scanner":{"uri":"pkg:trivy","version":"0.70","db":{"version":"2"},
        "result":{ "big":12345678901234567890123 }},
        "metadata":{"scanStartedOn":"2026-01-01T00:00:00Z","scanFinishedOn":"2026-01-01T00:01:00Z"}}"#;
    let TypedPredicate::VulnerabilityScan(scan) = read("vuln", predicate).unwrap() else { panic!() };
    assert_eq!(
        (scan.scanner.as_str(), scan.version.as_deref(), scan.database.as_deref()),
        ("pkg:trivy", Some("0.70"), Some("2"))
    );
    assert_eq!(scan.finished.as_deref(), Some("2026-01-01T00:01:00Z"));
    assert_eq!(scan.result.get(), r#"{ "big":12345678901234567890123 }"#);
    refused("vuln", r#"{"scanner":{"uri":"x"}}"#, "missing field `result`");
    refused("vuln", r#"{"scanner":{"uri":"x","result":null}}"#, "no result");
    refused("vuln", r#"{"scanner":{"uri":"","result":{}}}"#, "no scanner");
    refused("vuln", "{}", "missing field `scanner`");
}

#[test]
fn an_sbom_is_counted_in_every_format() {
    let cyclonedx =
        r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"components":[{},{}]},{"name":"b"}]}"#;
    for (kind, predicate, format, version, packages) in [
        ("spdxjson", r#"{"spdxVersion":"SPDX-2.3","packages":[{},{}]}"#, SbomFormat::Spdx, "2.3", 2),
        ("spdx", r#""{\"spdxVersion\":\"SPDX-2.2\",\"packages\":[{}]}\n""#, SbomFormat::Spdx, "2.2", 1),
        ("spdx", r#""SPDXVersion: SPDX-2.3\nPackageName: a\n\nPackageName: b\n""#, SbomFormat::Spdx, "2.3", 2),
        (
            "https://spdx.dev/Document/v3.0",
            r#"{"@graph":[{"type":"CreationInfo","specVersion":"3.0.1"},{"type":"software_Package"},{"type":"Person"}]}"#,
            SbomFormat::Spdx,
            "3.0.1",
            1,
        ),
        ("cyclonedx", cyclonedx, SbomFormat::CycloneDx, "1.6", 4),
        ("https://cyclonedx.org/bom/v1.6", cyclonedx, SbomFormat::CycloneDx, "1.6", 4),
        ("cyclonedx", r#"{"bomFormat":"CycloneDX","specVersion":"1.4"}"#, SbomFormat::CycloneDx, "1.4", 0),
    ] {
        let TypedPredicate::Sbom(sbom) = read(kind, predicate).unwrap() else { panic!("{predicate}") };
        let Sbom { format: found, version: said, packages: counted, .. } = sbom;
        assert_eq!((found, said.as_str(), counted), (format, version, packages), "{predicate}");
    }
    refused("cyclonedx", "{}", "bomFormat");
    refused("cyclonedx", r#"{"bomFormat":"CycloneDX"}"#, "no specVersion");
    refused("spdxjson", "{}", "no version");
    refused("spdxjson", "3", "not a JSON object");
    refused("spdx", r#""nothing of the kind""#, "no version");
    refused("spdx", r#""{\"spdxVersion\":\"SPDX-2.2\",\"spdxVersion\":\"SPDX-2.3\"}""#, "twice");
}

#[test]
fn openvex_of_both_generations_is_read() {
    let old = r#"{"author":"a","timestamp":"2026-01-01T00:00:00Z","statements":[
        {"vulnerability":"CVE-1","products":["pkg:oci/a"],"status":"not_affected","justification":"component_not_present"}]}"#;
    let new = r#"{"@context":"https://openvex.dev/ns/v0.2.0","author":"a","timestamp":"2026-01-01T00:00:00Z","statements":[
        {"vulnerability":{"name":"CVE-1"},"products":[{"@id":"pkg:oci/a"}],"status":"not_affected","justification":"component_not_present"}]}"#;
    let TypedPredicate::OpenVex(old) = read("openvex", old).unwrap() else { panic!() };
    let TypedPredicate::OpenVex(new) = read("https://openvex.dev/ns/v0.2.0", new).unwrap() else { panic!() };
    assert_eq!(old, new);
    assert_eq!(old.statements[0].status, VexStatus::NotAffected);
    assert_eq!(old.statements[0].products, ["pkg:oci/a"]);
    refused("openvex", r#"{"author":"a","timestamp":"t"}"#, "missing field `statements`");
    let odd = r#"{"author":"a","timestamp":"t","statements":[{"vulnerability":"CVE-1","status":"fine"}]}"#;
    refused("openvex", odd, "unknown variant `fine`");
}

#[test]
fn a_test_result_does_not_contradict_itself() {
    let passed =
        r#"{"result":"PASSED","configuration":[],"passedTests":["a","b"],"failedTests":[],"url":"https://ci.test/1"}"#;
    let TypedPredicate::TestResult(passed) = read("test-result", passed).unwrap() else { panic!() };
    assert_eq!((passed.result, passed.passed.len(), passed.failed.len()), (TestVerdict::Passed, 2, 0));
    let failed = r#"{"result":"FAILED","configuration":[],"failedTests":["c"]}"#;
    let TypedPredicate::TestResult(failed) = read("test-result", failed).unwrap() else { panic!() };
    assert_eq!((failed.result, failed.failed), (TestVerdict::Failed, vec!["c".to_owned()]));
    refused("test-result", r#"{"result":"PASSED","failedTests":["c"]}"#, "has failed");
    refused("test-result", r#"{"result":"passed"}"#, "unknown variant");
    refused("test-result", "{}", "missing field `result`");
}

#[test]
fn other_types_are_handed_on_as_they_are() {
    for kind in ["custom", "https://acme.test/x", "https://spdx.dev/Documents", "https://slsa.dev/provenance/v2"] {
        let TypedPredicate::Other(raw) = read(kind, "[ 1 ]").unwrap() else { panic!("{kind}") };
        assert_eq!(raw.get(), "[ 1 ]");
    }
}

#[test]
fn a_verification_has_a_verifier_a_result_and_what_holds() {
    let vsa = r#"{"verifier":{"id":"https://v.test"},"timeVerified":"2026-01-01T00:00:00Z","resourceUri":"oci://app",
        "verificationResult":"PASSED","verifiedLevels":["SLSA_BUILD_LEVEL_3"]}"#;
    let TypedPredicate::Verification(summary) = read("vsa", vsa).unwrap() else { panic!() };
    assert_eq!((summary.verifier.as_str(), summary.passed), ("https://v.test", true));
    assert_eq!((summary.resource.as_deref(), summary.at.as_deref()), (Some("oci://app"), Some("2026-01-01T00:00:00Z")));
    assert_eq!(summary.properties, ["SLSA_BUILD_LEVEL_3"]);
    let failed = r#"{"verifier":{"id":"v"},"verificationResult":"FAILED"}"#;
    let TypedPredicate::Verification(failed) = read("vsa", failed).unwrap() else { panic!() };
    assert!(!failed.passed && failed.properties.is_empty());
    let svr = r#"{"verifier":{"id":"v","policies":[]},"timeCreated":"2026-01-01T00:00:00Z","properties":["ACME_OK"]}"#;
    let TypedPredicate::Verification(simple) = read("svr", svr).unwrap() else { panic!() };
    assert!(simple.passed && simple.resource.is_none() && simple.properties == ["ACME_OK"]);

    refused("vsa", r#"{"verifier":{"id":"v"}}"#, "missing field `verificationResult`");
    refused("vsa", r#"{"verifier":{"id":"v"},"verificationResult":"passed"}"#, "unknown variant `passed`");
    refused("vsa", r#"{"verifier":{},"verificationResult":"PASSED"}"#, "no verifier ID");
    refused("svr", r#"{"verifier":{"id":"v"}}"#, "missing field `properties`");
    refused("svr", r#"{"verifier":"v","properties":[]}"#, "expected an object");
}

#[test]
fn provenance_says_what_defined_the_build() {
    let source = |kind: &str, predicate: &str| match read(kind, predicate).unwrap() {
        TypedPredicate::Provenance(provenance) => provenance.source,
        other => panic!("{other:?}"),
    };
    let v1 = |parameters: &str| {
        format!(
            r#"{{"buildDefinition":{{"buildType":"y:z","externalParameters":{parameters},"resolvedDependencies":
            [{{"uri":"git+https://other.test/x"}}]}},"runDetails":{{"builder":{{"id":"x"}}}}}}"#
        )
    };
    for (parameters, said) in [
        (r#"{"workflow":{"repository":"https://g.test/a"}}"#, Some("https://g.test/a")),
        (r#"{"configSource":{"uri":"https://g.test/a.git"}}"#, Some("https://g.test/a.git")),
        // Whoever has a workflow has been built by that, and by nothing else.
        (r#"{"workflow":{},"configSource":{"uri":"https://g.test/b"}}"#, None),
        (r#"{"workflow":{"repository":""}}"#, None),
        ("{}", None),
    ] {
        assert_eq!(source("slsaprovenance1", &v1(parameters)).as_deref(), said, "{parameters}");
    }
    let v02 = r#"{"builder":{"id":"x"},"buildType":"y:z","invocation":{"configSource":{"uri":"git+https://g.test/a"}},
        "materials":[{"uri":"git+https://other.test/x"}]}"#;
    assert_eq!(source("slsaprovenance02", v02).as_deref(), Some("git+https://g.test/a"));
    assert_eq!(source("slsaprovenance02", r#"{"builder":{"id":"x"},"buildType":"y:z"}"#), None);
}
