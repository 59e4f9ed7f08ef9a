//! Signed images: what cosign 2, cosign 3 and notation have signed and attested verifies where `lockage copy` has put it,
//! from and to registries with the referrers API (`lockage serve`) and without (docker-registry).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod real;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lockage_registry::Reference;
use lockage_registry::client::Client;
use lockage_registry::testing::fixtures::{self, Image};
use real::{DockerRegistry, Serving, copy, peer, platforms, run};
use tempfile::TempDir;

/// A registry with the referrers API, or without.
enum Place {
    Api(Serving),
    Fallback(DockerRegistry),
}

impl Place {
    fn both() -> [Self; 2] {
        [Self::Api(Serving::start(None)), Self::Fallback(DockerRegistry::start())]
    }

    fn host(&self) -> &str {
        match self {
            Self::Api(serving) => serving.host(),
            Self::Fallback(registry) => registry.host(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Api(_) => "the referrers API",
            Self::Fallback(_) => "fallback tags",
        }
    }

    /// By a tag, or by a digest.
    fn at(&self, repository: &str, what: &str) -> String {
        format!("{}/{repository}{}{what}", self.host(), if what.starts_with("sha256:") { '@' } else { ':' })
    }

    async fn push(&self, repository: &str, tag: &str, image: &Image) {
        let at: Reference = self.at(repository, tag).parse().unwrap();
        let client = Client::builder().build().unwrap();
        fixtures::push(&client, at.repository(), image, at.tag().unwrap()).await.unwrap();
    }
}

/// A tool that signs, with two signers who know nothing of each other.
trait Signer {
    /// Prepares keys and whatever else is needed in this folder.
    fn new(directory: &Path) -> Self;
    fn sign(&self, who: Who, image: &str, children: &[String]);
    /// Attaches whatever else the tool can.
    fn attest(&self, image: &str, children: &[String]);
    fn verifies(&self, who: Who, image: &str) -> Result<(), String>;
    fn attested(&self, image: &str) -> Result<(), String>;
}

#[derive(Clone, Copy, Debug)]
enum Who {
    Developer,
    Releaser,
}

/// What a check says where it fails.
fn check(command: &mut Command) -> Result<String, String> {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match output.status.success() {
        true => Ok(out.into_owned()),
        false => Err(err.lines().find(|line| !line.starts_with("WARNING")).unwrap_or_default().to_owned()),
    }
}

const SBOM: &str = r#"{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3"}"#;

/// cosign with keys and without a transparency log; no version of it may reach the network.
struct Cosign {
    directory: PathBuf,
    version: &'static str,
}

impl Cosign {
    fn new(directory: &Path, version: &'static str) -> Self {
        let cosign = Self { directory: directory.to_owned(), version };
        for who in [Who::Developer, Who::Releaser] {
            run(cosign.command().args(["generate-key-pair", "--output-key-prefix", &format!("{who:?}")]));
        }
        let empty = r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}}"#;
        fs::write(directory.join("nothing.json"), empty).unwrap();
        fs::write(directory.join("predicate.json"), r#"{"tests":"passed"}"#).unwrap();
        fs::write(directory.join("sbom.json"), SBOM).unwrap();
        cosign
    }

    fn command(&self) -> Command {
        let mut command = peer(self.version);
        command.current_dir(&self.directory).env("HOME", &self.directory).env("TUF_ROOT", self.directory.join("tuf"));
        // Loopback is asked without a proxy; all else fails at once.
        command.env("COSIGN_PASSWORD", "for the test").env("HTTPS_PROXY", "http://127.0.0.1:9");
        command
    }

    fn write(&self, verb: &str, who: Who, more: &[&str], image: &str) {
        let mut command = self.command();
        command.args([verb, "--yes", "--key"]).arg(format!("{who:?}.key")).args(more);
        match self.version {
            "cosign2" => command.arg("--tlog-upload=false"),
            _ => command.args(["--signing-config", "nothing.json"]),
        };
        run(command.arg(image));
    }

    fn sign(&self, who: Who, image: &str, children: &[String]) {
        self.write("sign", who, if children.is_empty() { &[] } else { &["--recursive"] }, image);
    }

    fn read(&self, verb: &str, who: Who, more: &[&str], image: &str) -> Result<(), String> {
        let mut command = self.command();
        command.args([verb, "--insecure-ignore-tlog=true", "--key"]).arg(format!("{who:?}.pub"));
        check(command.args(more).arg(image)).map(|_| ())
    }

    fn attest(&self, image: &str, children: &[String]) {
        // It does not attest what an index lists by itself.
        for image in children.iter().map(String::as_str).chain([image]) {
            self.write("attest", Who::Developer, &["--type", "custom", "--predicate", "predicate.json"], image);
        }
    }

    fn attested(&self, image: &str) -> Result<(), String> {
        self.read("verify-attestation", Who::Developer, &["--type", "custom"], image)
    }
}

/// Tags beside the image: `.sig`, `.att`, `.sbom`.
struct Cosign2(Cosign);

impl Signer for Cosign2 {
    fn new(directory: &Path) -> Self {
        Self(Cosign::new(directory, "cosign2"))
    }

    fn sign(&self, who: Who, image: &str, children: &[String]) {
        self.0.sign(who, image, children);
    }

    fn attest(&self, image: &str, children: &[String]) {
        self.0.attest(image, children);
        for image in children.iter().map(String::as_str).chain([image]) {
            run(self.0.command().args(["attach", "sbom", "--sbom", "sbom.json", "--type", "spdx", image]));
        }
    }

    fn verifies(&self, who: Who, image: &str) -> Result<(), String> {
        self.0.read("verify", who, &[], image)
    }

    fn attested(&self, image: &str) -> Result<(), String> {
        self.0.attested(image)?;
        let sbom = check(self.0.command().args(["download", "sbom", image]))?;
        if sbom.trim() == SBOM { Ok(()) } else { Err(format!("the SBOM has become {sbom}")) }
    }
}

/// Bundles that refer to the image.
struct Cosign3(Cosign);

impl Signer for Cosign3 {
    fn new(directory: &Path) -> Self {
        Self(Cosign::new(directory, "cosign3"))
    }

    fn sign(&self, who: Who, image: &str, children: &[String]) {
        self.0.sign(who, image, children);
    }

    fn attest(&self, image: &str, children: &[String]) {
        self.0.attest(image, children);
    }

    fn verifies(&self, who: Who, image: &str) -> Result<(), String> {
        self.0.read("verify", who, &[], image)
    }

    fn attested(&self, image: &str) -> Result<(), String> {
        self.0.attested(image)
    }
}

/// Signatures that refer to the image, by certificates; each signer trusts none but itself.
struct Notation(PathBuf);

impl Notation {
    fn command(&self, who: Who) -> Command {
        let mut command = peer("notation");
        let home = self.0.join(format!("{who:?}"));
        command
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_CACHE_HOME", home.join("cache"));
        command
    }
}

impl Signer for Notation {
    fn new(directory: &Path) -> Self {
        let notation = Self(directory.to_owned());
        for who in [Who::Developer, Who::Releaser] {
            let name = format!("{who:?}");
            fs::create_dir(directory.join(&name)).unwrap();
            run(notation.command(who).args(["cert", "generate-test", "--default", &name]));
            let policy = serde_json::json!({ "version": "1.0", "trustPolicies": [{
                "name": "test", "registryScopes": ["*"], "signatureVerification": { "level": "strict" },
                "trustStores": [format!("ca:{name}")], "trustedIdentities": ["*"],
            }]});
            let file = directory.join(format!("{name}.json"));
            fs::write(&file, policy.to_string()).unwrap();
            run(notation.command(who).args(["policy", "import"]).arg(file));
        }
        notation
    }

    fn sign(&self, who: Who, image: &str, children: &[String]) {
        // It does not sign what an index lists by itself.
        for image in children.iter().map(String::as_str).chain([image]) {
            run(self.command(who).args(["sign", "--insecure-registry", "--force-referrers-tag=false", image]));
        }
    }

    fn attest(&self, _image: &str, _children: &[String]) {}

    fn verifies(&self, who: Who, image: &str) -> Result<(), String> {
        check(self.command(who).args(["verify", "--insecure-registry", image])).map(|_| ())
    }

    fn attested(&self, _image: &str) -> Result<(), String> {
        Ok(())
    }
}

/// An image for one platform, and one for two, whose signing is to cover both.
fn images() -> [(&'static str, Image); 2] {
    [("team/single", fixtures::image(11)), ("team/index", platforms(12, &["amd64", "arm64"], 20_000, 3_000))]
}

/// The image, and what an index lists.
fn digests(image: &Image) -> (String, Vec<String>) {
    let (root, children) = image.manifests.split_last().unwrap();
    (root.digest().to_string(), children.iter().map(|child| child.digest().to_string()).collect())
}

/// Every image of `repository` at this place, the children included, is signed by all of `signers`, and attested.
fn all_verify<S: Signer>(tool: &S, signers: &[Who], place: &Place, repository: &str, image: &Image) -> Vec<String> {
    let (root, children) = digests(image);
    let mut failures = Vec::new();
    for (digest, signers) in children.iter().map(|child| (child, &signers[..1])).chain([(&root, signers)]) {
        let at = place.at(repository, digest);
        let signed = signers.iter().map(|who| (format!("signed by {who:?}"), tool.verifies(*who, &at)));
        let attested = ("attested".to_owned(), tool.attested(&at));
        for (what, result) in signed.chain([attested]) {
            failures.extend(result.err().map(|why| format!("{at} is not {what}: {why}")));
        }
    }
    failures
}

async fn survives<S: Signer>() {
    let directory = tempfile::tempdir().unwrap();
    let (tool, mut failures) = (S::new(directory.path()), Vec::new());
    for source in Place::both() {
        for (repository, image) in images() {
            source.push(repository, "v1", &image).await;
            let (root, children) = digests(&image);
            let children: Vec<_> = children.iter().map(|child| source.at(repository, child)).collect();
            tool.sign(Who::Developer, &source.at(repository, &root), &children);
            tool.attest(&source.at(repository, &root), &children);
            let there = all_verify(&tool, &[Who::Developer], &source, repository, &image);
            assert!(there.is_empty(), "before it is copied: {there:#?}");
            assert!(
                tool.verifies(Who::Releaser, &source.at(repository, &root)).is_err(),
                "the releaser has not signed"
            );
        }
        for target in Place::both() {
            let between = format!("from {} to {}", source.name(), target.name());
            for (repository, image) in images() {
                copy(&source.at(repository, "v1"), &target.at(repository, "v1"));
                let lost = all_verify(&tool, &[Who::Developer], &target, repository, &image);
                failures.extend(lost.into_iter().map(|why| format!("{between}: {why}")));
            }
        }
    }
    assert!(failures.is_empty(), "{} are lost:\n{}", failures.len(), failures.join("\n"));
}

/// The releaser has signed at the target what the developer has signed at the source; with the tag there already, and
/// under another one.
async fn joins<S: Signer>() {
    let directory: TempDir = tempfile::tempdir().unwrap();
    let (tool, mut failures) = (S::new(directory.path()), Vec::new());
    for source in Place::both() {
        for (repository, image) in images() {
            source.push(repository, "v1", &image).await;
            let at = source.at(repository, &digests(&image).0);
            let children: Vec<_> = digests(&image).1.iter().map(|child| source.at(repository, child)).collect();
            tool.sign(Who::Developer, &at, &children);
            tool.attest(&at, &children);
        }
        for target in Place::both() {
            let between = format!("from {} to {}", source.name(), target.name());
            for ((repository, image), tag) in images().into_iter().zip(["v1", "staged"]) {
                target.push(repository, tag, &image).await;
                tool.sign(Who::Releaser, &target.at(repository, &digests(&image).0), &[]);
                copy(&source.at(repository, "v1"), &target.at(repository, "v1"));
                let lost = all_verify(&tool, &[Who::Developer, Who::Releaser], &target, repository, &image);
                failures.extend(lost.into_iter().map(|why| format!("{between}, where {tag} was: {why}")));
            }
        }
    }
    assert!(failures.is_empty(), "{} are lost:\n{}", failures.len(), failures.join("\n"));
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_cosign_2_has_signed_verifies_at_the_target() {
    survives::<Cosign2>().await;
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_cosign_3_has_signed_verifies_at_the_target() {
    survives::<Cosign3>().await;
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_notation_has_signed_verifies_at_the_target() {
    survives::<Notation>().await;
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn signatures_of_cosign_2_join_those_at_the_target() {
    joins::<Cosign2>().await;
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn signatures_of_cosign_3_join_those_at_the_target() {
    joins::<Cosign3>().await;
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn signatures_of_notation_join_those_at_the_target() {
    joins::<Notation>().await;
}
