//! Whom to believe: the common part of `verify` and `verify-attestation`.

use std::path::PathBuf;

use lockage_signing::Policy;
use lockage_signing::gate::{Signers, SignersError};
use lockage_signing::key::VerifyingKey;
use lockage_signing::policy::{PolicyBuilder, TrustedKey};
use lockage_signing::trust::{Identity, TrustedRoot};

use super::claim::{self, Claim};
use super::seal;
use crate::report::{Failure, read};

#[derive(clap::Args)]
pub(crate) struct Trusted {
    /// Take signatures of this public key, in PEM; may be repeated.
    #[arg(long = "key", value_name = "FILE", required_unless_present_any = ["identities", "patterns"])]
    keys: Vec<PathBuf>,

    /// Take signatures of whom a certificate names so, in full; may be repeated.
    #[arg(long = "identity", value_name = "ID", requires = "issuer")]
    identities: Vec<String>,

    /// Take signatures of whom this regular expression matches in whole; may be repeated.
    #[arg(long = "identity-regex", value_name = "PATTERN", requires = "issuer")]
    patterns: Vec<String>,

    /// Who has to have vouched for the identities.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,

    /// The authorities to believe, a trusted_root.json; for identities, logs and timestamps those of Sigstore's public
    /// instance unless they are given.
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,

    /// Ask for so many distinct signers.
    #[arg(long, value_name = "N", default_value = "1")]
    threshold: usize,

    /// Ask that each signature claims this; may be repeated.
    #[arg(short = 'a', long = "annotation", visible_alias = "annotations", value_name = "NAME=VALUE", value_parser = claim::parse)]
    claims: Vec<Claim>,

    /// Ask it of every manifest of an index too.
    #[arg(long)]
    recursive: bool,

    /// Ask for an entry in a transparency log.
    #[arg(long)]
    require_log: bool,

    /// Ask for a time that somebody who is believed has signed: a timestamp authority, or a log of version 1.
    #[arg(long)]
    require_timestamp: bool,
}

impl Trusted {
    /// The policy, to which what only one command asks can be added.
    pub(crate) fn policy(&self) -> Result<PolicyBuilder, Failure> {
        let mut policy = Policy::builder().threshold(self.threshold);
        for file in &self.keys {
            let key = read(file, |pem| Ok(VerifyingKey::from_pem(pem)?))?;
            policy = policy.trusted_key(TrustedKey::new(key).named(file.display().to_string()));
        }
        let issuer = self.issuer.as_deref().unwrap_or_default();
        let exact = self.identities.iter().map(|identity| Identity::exact(identity, issuer));
        let matching = self.patterns.iter().map(|pattern| Identity::matching(pattern, issuer));
        for identity in exact.chain(matching) {
            policy = policy.identity(identity.map_err(|error| Failure::usage(&error))?);
        }
        for (name, value) in &self.claims {
            policy = policy.claim(name, value.as_str());
        }
        if self.recursive {
            policy = policy.recursive();
        }
        if self.require_log {
            policy = policy.require_log();
        }
        if self.require_timestamp {
            policy = policy.require_timestamp();
        }
        Ok(match self.root()? {
            Some(root) => policy.trusted_root(root),
            None => policy,
        })
    }

    /// The same as signers of statements: keys by the names of their files.
    pub(crate) fn signers(&self) -> Result<Signers, Failure> {
        let refused = |error: SignersError| Failure::usage(&error);
        let mut signers = Signers::new();
        for file in &self.keys {
            let key = read(file, |pem| Ok(VerifyingKey::from_pem(pem)?))?;
            signers = signers.key(file.display().to_string(), key).map_err(refused)?;
        }
        let issuer = self.issuer.as_deref().unwrap_or_default();
        let exact = self.identities.iter().map(|text| (text, Identity::exact(text, issuer)));
        let matching = self.patterns.iter().map(|text| (text, Identity::matching(text, issuer)));
        for (text, identity) in exact.chain(matching) {
            let identity = identity.map_err(|error| Failure::usage(&error))?;
            let root = seal::root(self.trusted_root.as_deref())?;
            signers = signers.identity(text, identity, root).map_err(refused)?;
        }
        Ok(signers)
    }

    /// The trusted root, where there is something that is checked against it.
    fn root(&self) -> Result<Option<TrustedRoot>, Failure> {
        let needed =
            !self.identities.is_empty() || !self.patterns.is_empty() || self.require_log || self.require_timestamp;
        match &self.trusted_root {
            Some(file) => seal::root(Some(file)).map(Some),
            None if needed => seal::root(None).map(Some),
            None => Ok(None),
        }
    }
}
