//! What predicates have to say: provenance, verification results, test results.

use std::time::{Duration, SystemTime};

use crate::world::World;

const V1: &str = r#"{"buildDefinition":{"buildType":"https://b.example/v1","externalParameters":{"workflow":
    {"repository":"https://github.com/acme/app","ref":"refs/heads/main"}},"resolvedDependencies":
    [{"uri":"git+https://github.com/evil/app@refs/heads/main"}]},"runDetails":{"builder":{"id":"https://ci.example"}}}"#;

fn provenance(more: &str) -> String {
    format!("kind = 'attestation'\npredicate-type = 'slsaprovenance1'\nsigners = ['release']\n{more}")
}

#[tokio::test]
async fn provenance_is_by_a_builder_of_a_type_and_from_a_source() {
    let world = World::new().await;
    assert!(world.refusal(&provenance("")).await.contains("has no attestation"));
    world.attest("release", "slsaprovenance1", V1).await;
    for (more, said) in [
        ("builder = 'https://laptop.example'", "it was built by https://ci.example, and not https://laptop.example"),
        ("build-type = ['https://b.example/v2']", "the type of its build is https://b.example/v1, and not"),
        // What a build has used is not what it was built from.
        ("source = 'https://github.com/evil/app'", "it was built from https://github.com/acme/app, and not"),
        ("signers = ['alice']", "no key of the policy has made it"),
    ] {
        let gate = if more.starts_with("signers") {
            provenance("").replace("signers = ['release']", more)
        } else {
            provenance(more)
        };
        let refusal = world.refusal(&gate).await;
        assert!(refusal.contains(said), "{refusal}\n{said}");
    }
    let all = "builder = ['https://other.example', 'https://ci.example']\nbuild-type = 'https://b.example/v1'\n\
               source = 'git+https://GitHub.com/acme/app.git@refs/heads/main'";
    let promoter = world.promoter(&provenance(all)).unwrap();
    assert_eq!(world.pass(&promoter, 1).await.unwrap(), "attested by key release");
}

#[tokio::test]
async fn older_provenance_and_buildkits_name_their_source_too() {
    let world = World::new().await;
    let buildkit = r#"{"buildDefinition":{"buildType":"https://b.example","externalParameters":{"configSource":
        {"uri":"https://github.com/acme/app.git#refs/heads/main"}}},"runDetails":{"builder":{"id":"x:y"}}}"#;
    world.attest("release", "slsaprovenance1", buildkit).await;
    let gate = provenance("source = 'https://github.com/acme/app/'");
    world.pass(&world.promoter(&gate).unwrap(), 1).await.unwrap();
    let second = r#"{"builder":{"id":"x:y"},"buildType":"https://b.example","invocation":{"configSource":
        {"uri":"git+https://github.com/acme/app@refs/tags/v1"}},"materials":[{"uri":"git+https://evil.example/x"}]}"#;
    world.attest("release", "slsaprovenance02", second).await;
    let older = |source| provenance(source).replace("slsaprovenance1", "slsaprovenance02");
    world.pass(&world.promoter(&older("source = 'https://github.com/acme/app'")).unwrap(), 1).await.unwrap();
    assert!(world.refusal(&older("source = 'https://evil.example/x'")).await.contains("it was built from "));
}

fn ago(seconds: u64) -> String {
    let time = SystemTime::now() - Duration::from_secs(seconds);
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    jiff::Timestamp::from_second(i64::try_from(seconds).unwrap()).unwrap().to_string()
}

#[tokio::test]
async fn a_verification_has_passed_lately_with_what_is_asked() {
    let vsa = |result: &str, at: &str| {
        format!(
            r#"{{"verifier":{{"id":"https://v.example"}},"timeVerified":"{at}","resourceUri":"oci://app","policy":{{}},
            "verificationResult":"{result}","verifiedLevels":["SLSA_BUILD_LEVEL_3"]}}"#
        )
    };
    let gate = |more: &str| format!("kind = 'attestation'\npredicate-type = 'vsa'\nsigners = ['release']\n{more}");
    let world = World::new().await;
    world.attest("release", "vsa", &vsa("FAILED", &ago(60))).await;
    assert!(
        world.refusal(&gate("")).await.contains("https://v.example says that it has failed"),
        "nobody asked for it"
    );
    let world = World::new().await;
    world.attest("release", "vsa", &vsa("PASSED", &ago(7200))).await;
    for (more, said) in [
        ("verifier = 'https://w.example'", "it was judged by https://v.example, and not https://w.example"),
        ("resource = 'oci://other'", "what was judged is oci://app, and not oci://other"),
        ("levels = ['SLSA_BUILD_LEVEL_3', 'SLSA_SOURCE_LEVEL_2']", "it does not say SLSA_SOURCE_LEVEL_2"),
        ("max-age = '1h'", "s old, and at most 3600 s are allowed"),
    ] {
        let refusal = world.refusal(&gate(more)).await;
        assert!(refusal.contains(said), "{refusal}\n{said}");
    }
    let good =
        "verifier = 'https://v.example'\nresource = 'oci://app'\nlevels = ['SLSA_BUILD_LEVEL_3']\nmax-age = '3h'";
    world.pass(&world.promoter(&gate(good)).unwrap(), 1).await.unwrap();

    let svr =
        format!(r#"{{"verifier":{{"id":"v","policies":[]}},"timeCreated":"{}","properties":["ACME_OK"]}}"#, ago(60));
    world.attest("release", "svr", &svr).await;
    let gate = |more: &str| format!("kind = 'attestation'\npredicate-type = 'svr'\nsigners = ['release']\n{more}");
    assert!(world.refusal(&gate("properties = ['ACME_OK', 'ACME_MORE']")).await.contains("it does not say ACME_MORE"));
    world.pass(&world.promoter(&gate("properties = 'ACME_OK'\nmax-age = '1h'")).unwrap(), 1).await.unwrap();
    // From the future is not young.
    let ahead = r#"{"verifier":{"id":"v"},"timeCreated":"2999-01-01T00:00:00Z","properties":["X"]}"#;
    world.attest("release", "svr", ahead).await;
    assert!(world.refusal(&gate("properties = 'X'\nmax-age = '1h'")).await.contains("it is from the future"));
}

#[tokio::test]
async fn tests_have_passed_in_every_configuration() {
    let gate = |more: &str| format!("kind = 'test-result'\nsigners = ['release']\n{more}");
    let configuration = r#""configuration":[{"name":"linux/amd64"},{"uri":"https://c.example/2"}]"#;
    for (predicate, more, said) in [
        (r#"{"result":"FAILED","failedTests":["a","b"]}"#, "", Some("tests have failed: a, b")),
        (r#"{"result":"FAILED"}"#, "", Some("tests have failed: it does not say which")),
        (r#"{"result":"WARNED","warnedTests":["slow"]}"#, "", Some("tests have passed with warnings: slow")),
        (r#"{"result":"WARNED","warnedTests":["slow"]}"#, "warnings = true\ntests = ['slow']", None),
        (r#"{"result":"PASSED","failedTests":["a"]}"#, "", Some("it says that all have passed, and that")),
        (r#"{"result":"fine"}"#, "", Some("unknown variant `fine`")),
        (r#"{"result":"PASSED"}"#, "tests = ['smoke']", Some("the test smoke is not among those that have passed")),
        (
            r#"{"result":"PASSED"}"#,
            "configurations = ['linux/amd64']",
            Some("it is not of the configuration linux/amd64"),
        ),
        (r#"{"result":"PASSED","passedTests":["smoke"]}"#, "tests = ['smoke']", None),
        (r#"{"result":"PASSED"}"#, "", None),
    ] {
        let world = World::new().await;
        world.attest("release", "test-result", predicate).await;
        match said {
            Some(said) => {
                let refusal = world.refusal(&gate(more)).await;
                assert!(refusal.contains(said), "{refusal}\n{said}");
            }
            None => assert_eq!(
                world.pass(&world.promoter(&gate(more)).unwrap(), 1).await.unwrap(),
                "attested by key release"
            ),
        }
    }
    let world = World::new().await;
    world.attest("release", "test-result", &format!(r#"{{"result":"PASSED",{configuration}}}"#)).await;
    let both = gate("configurations = ['linux/amd64', 'https://c.example/2']");
    world.pass(&world.promoter(&both).unwrap(), 1).await.unwrap();
}

/// A test result says no time: a log says when an identity has signed it.
#[cfg(feature = "keyless")]
#[tokio::test]
async fn a_test_result_is_as_old_as_is_proven() {
    use lockage_signing::keyless::{IdentityToken, Keyless, Services};
    use lockage_signing::sign::{Layout, Predicate, Signing};
    use lockage_signing_mock::token::{ACTIONS_ISSUER, WORKFLOW};
    use lockage_signing_mock::{Mock, Services as Kind};

    let (world, mock) = (World::new().await, Mock::start().await.unwrap());
    std::fs::write(world.folder.path().join("root.json"), mock.trusted_root()).unwrap();
    let services = Services::from_signing_config(&mock.signing_config(Kind::V1)).unwrap();
    let token = IdentityToken::parse(&mock.tokens.workflow("sigstore")).unwrap();
    let keyless = Keyless::new(services, token).unwrap();
    let predicate = Predicate::new("test-result".parse().unwrap(), r#"{"result":"PASSED"}"#).unwrap();
    let repo = "dev.example/app".parse().unwrap();
    Signing::keyless(&keyless)
        .layout(Layout::Bundle)
        .attest(&world.dev, &repo, &World::image(1), &predicate, SystemTime::now())
        .await
        .unwrap();

    let gate = format!(
        "kind = 'test-result'\nsigners = ['ci', 'release']\nmax-age = '1d'\ntransparency-log = true\n\
         [signers.ci]\nidentity = '{WORKFLOW}'\nissuer = '{ACTIONS_ISSUER}'\ntrusted-root = 'root.json'"
    );
    let promoter = world.promoter(&gate).unwrap();
    let late = SystemTime::now() + Duration::from_secs(2 * 86_400);
    let text = world.pass_at(&promoter, 1, late).await.unwrap_err().to_string();
    assert!(text.contains("s old, and at most 86400 s are allowed"), "{text}");
    let text = world.pass_at(&promoter, 1, late - Duration::from_secs(4 * 86_400)).await.unwrap_err().to_string();
    assert!(text.contains("it is from the future"), "{text}");
    let by = world.pass(&promoter, 1).await.unwrap();
    assert!(by.starts_with(&format!("attested by {WORKFLOW} (by ")), "{by}");
    // A key has no time that is proven.
    world.attest("release", "test-result", r#"{"result":"PASSED"}"#).await;
    let key = gate.replace("['ci', 'release']", "['release', 'ci']\nthreshold = 2");
    let text = world.refusal(&key).await;
    assert!(text.contains("there is no entry of a log"), "{text}");
    let text = world.refusal(&key.replace("transparency-log = true", "")).await;
    assert!(text.contains("nobody says when it was made, so that its age is not known"), "{text}");
}
