//! `lockage verify-bundle` as a program: what it says, and its exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lockage_signing_mock::certificate::Name;
use lockage_signing_mock::{Key, Services, Sigstore, pre_authentication, sha256};
use serde_json::{Value, json};

const WHO: &str = "release@acme.example";
const ISSUER: &str = "https://accounts.acme.example";
const ARTIFACT: &[u8] = b"an artifact\n";

/// A folder with an artifact, a trusted root, a key, and a bundle of each kind.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        let (sigstore, key, statement) = (Sigstore::new(), Key::p256(), statement());
        let sealed = sigstore.seal_statement(&statement, Name::Email(WHO.to_owned()), ISSUER, Services::V2Timestamp);
        let signed = sealed.bundle(&statement);
        let mut keyed = signed.clone();
        keyed["verificationMaterial"] = json!({ "publicKey": { "hint": "" } });
        keyed["dsseEnvelope"]["signatures"][0]["sig"] = json!(base64(&key.sign(&pre_authentication(&statement))));
        for (name, bytes) in [
            ("artifact", ARTIFACT.to_vec()),
            ("other", b"another".to_vec()),
            ("trusted_root.json", sigstore.trusted_root("http://127.0.0.1:1").into_bytes()),
            ("key.pub", key.public_pem().into_bytes()),
            ("other.pub", Key::p256().public_pem().into_bytes()),
            ("signed.json", signed.to_string().into_bytes()),
            ("keyed.json", keyed.to_string().into_bytes()),
            ("broken.json", b"{".to_vec()),
        ] {
            std::fs::write(files.path(name), bytes).unwrap();
        }
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockage"));
        command.current_dir(self.0.path()).arg("verify-bundle").args(arguments).output().unwrap()
    }
}

fn statement() -> Vec<u8> {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "digest": { "sha256": hex() } }],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {},
    })
    .to_string()
    .into_bytes()
}

fn hex() -> String {
    sha256(ARTIFACT).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(bytes)
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const BY_IDENTITY: [&str; 8] =
    ["--bundle", "signed.json", "--identity", WHO, "--issuer", ISSUER, "--trusted-root", "trusted_root.json"];

#[test]
fn a_good_bundle_is_verified_by_file_and_by_digest_with_an_identity_and_with_a_key() {
    let files = Files::new();
    let digest = format!("sha256:{}", hex());
    for artifact in ["artifact", &digest] {
        for arguments in [&BY_IDENTITY[..], &["--bundle", "keyed.json", "--key", "key.pub"]] {
            let output = files.run(&[arguments, &[artifact]].concat());
            assert_eq!(output.status.code(), Some(0), "{}", text(&output));
            assert!(text(&output).contains(&digest), "{}", text(&output));
        }
    }
    let output = files.run(&[&BY_IDENTITY[..], &["artifact"]].concat());
    let expected = format!(
        "verified  {digest}\n  signer    {WHO} (by {ISSUER})\n  checked   digest\n  checked   certificate\n  checked   \
         certificate-log\n  checked   identity\n  checked   transparency-log\n  checked   inclusion-proof\n  checked   \
         timestamp\n  says      https://slsa.dev/provenance/v1\n"
    );
    assert_eq!(text(&output), expected);
}

#[test]
fn a_refusal_exits_with_1_and_says_why_in_text_and_in_json() {
    let files = Files::new();
    let replace = |from: &str, to: &'static str| {
        let mut arguments = BY_IDENTITY.to_vec();
        *arguments.iter_mut().find(|argument| **argument == from).unwrap() = to;
        arguments
    };
    let cases: [(&str, Vec<&str>, &str); 6] = [
        ("wrong-digest", BY_IDENTITY.to_vec(), "other"),
        ("identity", replace(WHO, "other@acme.example"), "artifact"),
        ("identity", replace(ISSUER, "https://accounts.example"), "artifact"),
        ("malformed", replace("signed.json", "broken.json"), "artifact"),
        ("unknown-key", vec!["--bundle", "keyed.json", "--key", "other.pub"], "artifact"),
        // The public instance's authorities, which are taken without --trusted-root, know nothing of it.
        ("timestamp", BY_IDENTITY[..6].to_vec(), "artifact"),
    ];
    for (reason, arguments, artifact) in cases {
        let output = files.run(&[&arguments[..], &[artifact]].concat());
        assert_eq!(output.status.code(), Some(1), "{reason}: {}", text(&output));
        assert!(output.stdout.is_empty() && text(&output).contains(reason), "{reason}: {}", text(&output));
        let output = files.run(&[&arguments[..], &["--json", artifact]].concat());
        assert_eq!(output.status.code(), Some(1), "{reason}: {}", text(&output));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["verdict"], "rejected");
        assert_eq!(document["rejected"][0]["reasons"][0]["reason"], reason);
    }
}

#[test]
fn arguments_that_make_no_sense_or_cannot_be_read_exit_with_2() {
    let files = Files::new();
    let missing = Path::new("missing").to_str().unwrap();
    for arguments in [
        &["--bundle", "keyed.json", "artifact"][..],
        &["--bundle", "keyed.json", "--identity", WHO, "artifact"],
        &["--bundle", "keyed.json", "--issuer", ISSUER, "artifact"],
        &["--bundle", "keyed.json", "--key", "key.pub", "--identity", WHO, "--issuer", ISSUER, "artifact"],
        &["--bundle", "keyed.json", "--identity", "", "--issuer", ISSUER, "artifact"],
        &["--bundle", missing, "--key", "key.pub", "artifact"],
        &["--bundle", "keyed.json", "--key", missing, "artifact"],
        &["--bundle", "keyed.json", "--key", "artifact", "artifact"],
        &["--bundle", "keyed.json", "--key", "key.pub", missing],
        &["--bundle", "keyed.json", "--key", "key.pub", "sha256:0123"],
        &["--bundle", "keyed.json", "--key", "key.pub", "--trusted-root", missing, "artifact"],
        &["--bundle", "keyed.json", "--key", "key.pub", "--trusted-root", "broken.json", "artifact"],
    ] {
        let output = files.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
