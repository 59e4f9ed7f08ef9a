//! Signatures of a test: whoever knows an identity's secret can sign as it.

use std::collections::BTreeMap;

use lockage_promote::pipeline::approval::{
    Checked, Sealed, SignedBy, StatementError, StatementSigner, StatementVerifier,
};
use lockage_registry::{Algorithm, digest_of};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Seal {
    by: String,
    statement: String,
    mac: String,
}

fn mac(by: &str, secret: &str, statement: &str) -> String {
    digest_of(Algorithm::Sha256, format!("{secret}\n{by}\n{statement}").as_bytes()).unwrap().to_string()
}

/// Signs as somebody.
#[derive(Clone, Debug)]
pub(crate) struct Pen {
    pub(crate) by: String,
    pub(crate) secret: String,
}

pub(crate) fn pen(by: &str) -> Pen {
    Pen { by: by.to_owned(), secret: format!("secret of {by}") }
}

#[async_trait::async_trait]
impl StatementSigner for Pen {
    async fn sign_statement(&self, statement: &[u8]) -> Result<Sealed, StatementError> {
        let statement = String::from_utf8(statement.to_vec())?;
        let mac = mac(&self.by, &self.secret, &statement);
        let seal = Seal { by: self.by.clone(), statement, mac };
        Ok(Sealed::new("application/vnd.test.seal+json", serde_json::to_vec(&seal)?))
    }
}

/// Knows the secrets of some, and cannot tell anything while it is blind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notary {
    pub(crate) known: BTreeMap<String, String>,
    pub(crate) is_blind: bool,
}

impl Notary {
    pub(crate) fn of(names: &[&str]) -> Self {
        let known = names.iter().map(|name| ((*name).to_owned(), pen(name).secret)).collect();
        Self { known, is_blind: false }
    }
}

#[async_trait::async_trait]
impl StatementVerifier for Notary {
    async fn verify_statement(&self, sealed: &Sealed) -> Result<Checked, StatementError> {
        if self.is_blind {
            return Err("the trust root is away".into());
        }
        let refused = |reason: &str| Ok(Checked::Refused { reason: reason.to_owned() });
        let Ok(seal) = serde_json::from_slice::<Seal>(&sealed.bytes) else { return refused("no seal") };
        match self.known.get(&seal.by) {
            Some(secret) if mac(&seal.by, secret, &seal.statement) == seal.mac => {
                Ok(Checked::Signed { by: SignedBy::new(seal.by), statement: seal.statement.into() })
            }
            Some(_) => refused("a forged signature"),
            None => refused("nobody known has signed it"),
        }
    }
}
