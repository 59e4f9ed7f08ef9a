//! Tools that sign images, without a transparency log and without a network: both lines of cosign, and notation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{peer, run};

/// A tool that signs, with two signers who know nothing of each other.
pub(crate) trait Signer {
    /// Prepares keys and whatever else is needed in this folder.
    fn new(directory: &Path) -> Self;
    fn sign(&self, who: Who, image: &str, children: &[String]);
    /// Attaches whatever else the tool can.
    fn attest(&self, image: &str, children: &[String]);
    fn verifies(&self, who: Who, image: &str) -> Result<(), String>;
    fn attested(&self, image: &str) -> Result<(), String>;
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Who {
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
pub(crate) struct Cosign2(Cosign);

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
pub(crate) struct Cosign3(Cosign);

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
pub(crate) struct Notation(PathBuf);

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
