//! `lockage verify-bundle`: whether a bundle in a file signs a file, or what a digest names. No request is made.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use lockage_signing::Policy;
use lockage_signing::key::VerifyingKey;
use lockage_signing::trust::{Artifact, Identity, TrustedRoot, VerifiedBlob};
use lockage_signing::verify::{Outcome, Rejection};
use lockage_tagging::Digest;
use serde_json::{Value, json};

use crate::report::{Failure, describe, say, say_json};

/// Exit codes: 0 verified, 1 rejected, 2 usage or a key or trusted root that cannot be read, 3 undecided.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What is signed: a file, or a digest such as sha256:0123….
    #[arg(value_name = "FILE|DIGEST")]
    artifact: PathBuf,

    /// The bundle.
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,

    /// The public key that has to have signed it, in PEM.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["identity", "issuer"], required_unless_present = "identity")]
    key: Option<PathBuf>,

    /// Whom the certificate has to name, in full.
    #[arg(long, requires = "issuer")]
    identity: Option<String>,

    /// Who has to have vouched for the name.
    #[arg(long, value_name = "URL", requires = "identity")]
    issuer: Option<String>,

    /// The authorities to believe, a trusted_root.json; without it, those of Sigstore's public instance, as they are
    /// compiled in.
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// A file that cannot be read.
#[derive(Debug)]
struct Unreadable {
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "read {}", self.path.display())
    }
}

impl std::error::Error for Unreadable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let policy = policy(&arguments)?;
    let bundle = read(&arguments.bundle)?;
    // A file of such a name is ./sha256:…
    let digest = arguments.artifact.to_str().and_then(|text| text.parse::<Digest>().ok());
    let outcome = match digest {
        Some(digest) => policy.verify_bundle(&bundle, &Artifact::Digest(digest), SystemTime::now()).await,
        None => policy.verify_bundle(&bundle, &Artifact::Bytes(&read(&arguments.artifact)?), SystemTime::now()).await,
    };
    if arguments.json {
        say_json(&json!(outcome))?;
    }
    let code = match &outcome {
        Outcome::Verified(blob) if !arguments.json => say(verified(blob)).map(|()| 0)?,
        Outcome::Verified(_) => 0,
        Outcome::Unsigned | Outcome::Rejected(_) => 1,
        Outcome::Indeterminate(_) => 3,
    };
    if let (Outcome::Rejected(rejected), false) = (&outcome, arguments.json) {
        rejected.iter().for_each(|rejection| eprint!("{}", refused(rejection)));
    }
    if let (Outcome::Indeterminate(undecided), false) = (&outcome, arguments.json) {
        undecided.errors.iter().for_each(|error| eprint!("{}", describe(error)));
    }
    Ok(ExitCode::from(code))
}

fn policy(arguments: &Arguments) -> Result<Policy, Failure> {
    let root = match &arguments.trusted_root {
        Some(path) => TrustedRoot::from_json(&text(path)?),
        None => TrustedRoot::public_good(),
    };
    let mut policy = Policy::builder().trusted_root(root.map_err(|error| Failure::usage(&error))?);
    if let Some(path) = &arguments.key {
        policy = policy.key(VerifyingKey::from_pem(read(path)?).map_err(|error| Failure::usage(&error))?);
    }
    if let (Some(identity), Some(issuer)) = (&arguments.identity, &arguments.issuer) {
        policy = policy.identity(Identity::exact(identity, issuer).map_err(|error| Failure::usage(&error))?);
    }
    policy.build().map_err(|error| Failure::usage(&error))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|source| Failure::usage(&Unreadable { path: path.to_owned(), source }))
}

fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|source| Failure::usage(&Unreadable { path: path.to_owned(), source }))
}

fn verified(blob: &VerifiedBlob) -> String {
    let mut text = format!("verified  {}\n  signer    {}", blob.digest, blob.accepted.signer);
    for check in &blob.accepted.checks {
        text += &format!("\n  checked   {}", line(&json!(check)));
    }
    if let Some(statement) = &blob.statement {
        text += &format!("\n  says      {}", statement.predicate_type);
    }
    text
}

fn refused(rejection: &Rejection) -> String {
    let mut text = format!("error: the {} does not count\n", rejection.place);
    for reason in &rejection.reasons {
        text += &format!("  {}\n", line(&json!(reason)));
    }
    text
}

/// As JSON has it, on one line: `transparency-log`, or `reason: what is wrong`.
fn line(what: &Value) -> String {
    match what {
        Value::String(text) => text.clone(),
        Value::Object(fields) => fields.values().map(line).collect::<Vec<_>>().join(": "),
        other => other.to_string(),
    }
}
