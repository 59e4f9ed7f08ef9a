//! By what is signed: a private key in a file, or whom an identity token names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockage_promote::pipeline::approval::StatementSigner;
use lockage_signing::KeyPair;
use lockage_signing::gate::{KeySigner, KeylessSigner};
use lockage_signing::key::VerifyingKey;
use lockage_signing::keyless::{IdentityToken, Keyless, Services};
use lockage_signing::sign::Signing;
use lockage_signing::trust::TrustedRoot;

use super::password;
use crate::report::{Failure, read};

#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct By {
    /// Sign with this private key: cosign's, encrypted with the password in COSIGN_PASSWORD or on standard input; or PKCS#8,
    /// SEC1 or PKCS#1, which need none.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["identity_token", "github_actions"],
          conflicts_with_all = ["identity_token", "github_actions", "signing_config", "trusted_root"])]
    key: Option<PathBuf>,

    /// Sign as whom the identity token in this file names, with a certificate of Fulcio, in a transparency log.
    #[arg(long, value_name = "FILE", conflicts_with = "github_actions")]
    identity_token: Option<PathBuf>,

    /// The same with the identity of the GitHub Actions workflow that this runs in.
    #[arg(long)]
    github_actions: bool,

    /// Which Fulcio, log and timestamp authority to use, a signing configuration of version 0.2; those of Sigstore's public
    /// instance unless it is given.
    #[arg(long, value_name = "FILE", requires = "trusted_root")]
    signing_config: Option<PathBuf>,

    /// What is signed is verified with these authorities before it is stored, a trusted_root.json; those of Sigstore's public
    /// instance unless it is given.
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
}

/// The same where nothing has to be signed.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct MayBy {
    /// Sign with this private key, as `lockage sign` does.
    #[arg(long, value_name = "FILE",
          conflicts_with_all = ["identity_token", "github_actions", "signing_config", "trusted_root"])]
    key: Option<PathBuf>,

    /// Sign as whom the identity token in this file names, with a certificate of Fulcio, in a transparency log.
    #[arg(long, value_name = "FILE", conflicts_with = "github_actions")]
    identity_token: Option<PathBuf>,

    /// The same with the identity of the GitHub Actions workflow that this runs in.
    #[arg(long)]
    github_actions: bool,

    /// Which Fulcio, log and timestamp authority to use, as for `lockage sign`.
    #[arg(long, value_name = "FILE", requires = "trusted_root")]
    signing_config: Option<PathBuf>,

    /// What is signed is verified with these authorities before it is stored, a trusted_root.json.
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
}

impl MayBy {
    /// The file of the key, where it is one that signs.
    pub(crate) fn key_file(&self) -> Option<&Path> {
        self.key.as_deref()
    }

    /// Whether anybody was named.
    pub(crate) fn is_named(&self) -> bool {
        self.key.is_some() || self.identity_token.is_some() || self.github_actions
    }

    /// Whoever signs, if anybody was named.
    pub(crate) async fn open(&self) -> Result<Option<Seal>, Failure> {
        if !self.is_named() {
            return Ok(None);
        }
        let Self { key, identity_token, github_actions, signing_config, trusted_root } = self;
        let by = By {
            key: key.clone(),
            identity_token: identity_token.clone(),
            github_actions: *github_actions,
            signing_config: signing_config.clone(),
            trusted_root: trusted_root.clone(),
        };
        Seal::open(&by).await.map(Some)
    }
}

/// What signs. It is opened once for all images.
pub(crate) enum Seal {
    Key(Box<KeyPair>),
    Keyless(Box<Keyless>),
}

impl Seal {
    pub(crate) async fn open(by: &By) -> Result<Self, Failure> {
        if let Some(file) = &by.key {
            return key(file).map(Box::new).map(Self::Key);
        }
        let token = match &by.identity_token {
            Some(file) => read(file, |text| Ok(IdentityToken::parse(std::str::from_utf8(text)?.trim())?))?,
            None => {
                let token = IdentityToken::from_actions(|name| std::env::var(name).ok()).await;
                token.map_err(|error| Failure::error(&error))?
            }
        };
        let services = match &by.signing_config {
            Some(file) => read(file, |json| Ok(Services::from_signing_config(std::str::from_utf8(json)?)?))?,
            None => Services::public_good().map_err(|error| Failure::error(&error))?,
        };
        let keyless = Keyless::new(services, token).map_err(|error| Failure::error(&error))?;
        Ok(Self::Keyless(Box::new(keyless.trusted_root(root(by.trusted_root.as_deref())?))))
    }

    /// The key that verifies what this signs, where it is always the same.
    pub(crate) fn public_key(&self) -> Option<&VerifyingKey> {
        match self {
            Self::Key(key) => Some(key.verifying_key()),
            Self::Keyless(_) => None,
        }
    }

    pub(crate) fn signing(&self) -> Signing<'_> {
        match self {
            Self::Key(key) => Signing::with(key.as_ref()),
            Self::Keyless(keyless) => Signing::keyless(keyless),
        }
    }

    /// The same for statements: approvals, entries of a ledger, evidence.
    pub(crate) fn statements(self) -> Arc<dyn StatementSigner> {
        match self {
            Self::Key(key) => Arc::new(KeySigner::new(*key)),
            Self::Keyless(keyless) => Arc::new(KeylessSigner::new(*keyless)),
        }
    }
}

/// Who signs statements with the private key in this file.
pub(crate) fn signer(file: &Path) -> Result<Arc<dyn StatementSigner>, Failure> {
    Ok(Arc::new(KeySigner::new(key(file)?)))
}

/// The private key in this file.
pub(crate) fn key(file: &Path) -> Result<KeyPair, Failure> {
    let encrypted = read(file, |pem| Ok(KeyPair::is_encrypted(pem)?))?;
    let password = if encrypted { Some(password::read(file)?) } else { None };
    read(file, |pem| Ok(KeyPair::from_pem(pem, password.as_ref())?))
}

/// The trusted root in this file, or that of Sigstore's public instance.
pub(crate) fn root(file: Option<&Path>) -> Result<TrustedRoot, Failure> {
    match file {
        Some(file) => read(file, |json| Ok(TrustedRoot::from_json(std::str::from_utf8(json)?)?)),
        None => TrustedRoot::public_good().map_err(|error| Failure::usage(&error)),
    }
}
