//! Signatures and attestations by cosign 2, cosign 3, notation and oras, copied with their image between registries with and
//! without the referrers API: the same tools verify them at the other side.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod real;

use std::fs;
use std::process::Command;

use lockage_registry::client::Client;
use lockage_registry::testing::fixtures;
use lockage_registry::{Reference, Source, TagOrDigest};
use real::{DockerRegistry, Serving, copy, peer, run, two_platforms};
use tempfile::TempDir;

const NO_LOG: &str =
    r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}}"#;
const TRUST: &str = r#"{"version":"1.0","trustPolicies":[{"name":"p","registryScopes":["*"],"signatureVerification":{"level":"strict"},"trustStores":["ca:t"],"trustedIdentities":["*"]}]}"#;

/// A folder with keys for all of them, which is their home, too.
struct Signer(TempDir);

impl Signer {
    fn new() -> Self {
        let signer = Self(tempfile::tempdir().unwrap());
        for (name, text) in [("no-log.json", NO_LOG), ("trust.json", TRUST), ("sbom.json", "{}"), ("claim.json", "{}")]
        {
            fs::write(signer.0.path().join(name), text).unwrap();
        }
        signer.run("cosign2", &["generate-key-pair", "--output-key-prefix", "k"]);
        signer.run("notation", &["cert", "generate-test", "--default", "t"]);
        signer.run("notation", &["policy", "import", "--force", "trust.json"]);
        signer
    }

    fn command(&self, tool: &str, arguments: &[&str]) -> Command {
        let mut command = peer(tool);
        command.current_dir(self.0.path()).env("HOME", self.0.path()).env("XDG_CONFIG_HOME", self.0.path());
        command.env("COSIGN_PASSWORD", "password").env("TUF_ROOT", self.0.path().join("tuf")).args(arguments);
        command
    }

    fn run(&self, tool: &str, arguments: &[&str]) -> String {
        run(&mut self.command(tool, arguments))
    }

    /// Signs the index (cosign 2, with its children; notation), a child (cosign 3), and what is attached; attests by both
    /// cosigns; attaches an SBOM. The digest of that.
    fn sign(&self, index: &str, child: &str) -> String {
        let old = ["--key", "k.key", "--tlog-upload=false", "--yes"];
        let new = ["--key", "k.key", "--signing-config", "no-log.json", "--yes"];
        let claim = ["--type", "https://example.com/claim", "--predicate", "claim.json"];
        self.run("cosign2", &[&["sign", "-r"], old.as_slice(), &[index]].concat());
        self.run("cosign2", &[&["attest"], old.as_slice(), &claim, &[index]].concat());
        self.run("cosign3", &[&["sign"], new.as_slice(), &[child]].concat());
        self.run("cosign3", &[&["attest"], new.as_slice(), &claim, &[child]].concat());
        self.run("notation", &["sign", "--insecure-registry", index]);
        let kind = "application/spdx+json";
        let file = format!("sbom.json:{kind}");
        let format = ["--format", "go-template={{.digest}}"];
        let sbom = self.run(
            "oras",
            &[&["attach", "--plain-http", "--artifact-type", kind], format.as_slice(), &[index, &file]].concat(),
        );
        let repository = index.split('@').next().unwrap();
        self.run("cosign2", &[&["sign"], old.as_slice(), &[&format!("{repository}@{sbom}")]].concat());
        sbom
    }

    fn verify(&self, index: &str, child: &str, sbom: &str) {
        let key = ["--key", "k.pub", "--insecure-ignore-tlog=true"];
        let claim = ["--type", "https://example.com/claim"];
        for signed in [index, child, sbom] {
            self.run("cosign2", &[&["verify"], key.as_slice(), &[signed]].concat());
        }
        self.run("cosign2", &[&["verify-attestation"], key.as_slice(), &claim, &[index]].concat());
        self.run("cosign3", &[&["verify"], key.as_slice(), &[child]].concat());
        self.run("cosign3", &[&["verify-attestation"], key.as_slice(), &claim, &[child]].concat());
        self.run("notation", &["verify", "--insecure-registry", index]);
    }
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_the_tools_signed_verifies_wherever_it_is_copied() {
    let (bare, other_bare) = (DockerRegistry::start(), DockerRegistry::start());
    let (listing, other_listing) = (Serving::start(None), Serving::start(None));
    let (signer, client, image) = (Signer::new(), Client::builder().build().unwrap(), two_platforms(1));
    let (index, child) = (image.root().digest(), image.manifests[0].digest());
    let at = |repository: &str| (format!("{repository}@{index}"), format!("{repository}@{child}"));
    for from in [bare.host(), listing.host()] {
        let source: Reference = format!("{from}/app:v1").parse().unwrap();
        fixtures::push(&client, source.repository(), &image, source.tag().unwrap()).await.unwrap();
        let (signed, signed_child) = at(&format!("{from}/app"));
        let sbom = signer.sign(&signed, &signed_child);
        for to in [other_bare.host(), other_listing.host()] {
            let repository = format!("{to}/from-{}", from.replace(['.', ':'], "-"));
            let target = format!("{repository}:v1");
            let done = copy(&source.to_string(), &target);
            let attachments = done["attachments"].as_array().unwrap();
            // `.sig` on the index and two children, `.att`, notation's, a bundle for each of cosign 3's, the SBOM and its `.sig`.
            assert_eq!(attachments.len(), 9, "{done}");
            assert!(attachments.iter().all(|one| one["outcome"] == "carried"), "{done}");
            let (copied, copied_child) = at(&repository);
            signer.verify(&copied, &copied_child, &format!("{repository}@{sbom}"));
            let held: Reference = target.parse().unwrap();
            assert_eq!(client.resolve(held.repository(), &TagOrDigest::of(&held)).await.unwrap().digest, *index);

            let again = copy(&source.to_string(), &target);
            assert_eq!(again["result"], "present", "{again}");
            assert!(again["attachments"].as_array().unwrap().iter().all(|one| one["outcome"] == "present"), "{again}");
            println!("{from} to {to}: {} requests with attachments, {} again", done["requests"], again["requests"]);
        }
    }
}
