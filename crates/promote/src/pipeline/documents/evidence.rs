//! What a document says of evidence: in whose name it is signed, for how long it counts, and who may sign it.

use std::time::Duration;

use serde::Deserialize;

use super::values::duration;
use super::{Parameters, TableProblem};
use crate::pipeline::approval::{StatementSigner, StatementVerifier};
use crate::pipeline::evidence::EvidenceSigning;

/// What a document says of evidence. Who signs it is not in a document, but who is believed is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EvidenceRules {
    /// In whose name: the URI of the verifier.
    pub id: String,
    /// For how long it counts, and says so; for ever, where nothing is said.
    pub valid_for: Option<Duration>,
    /// How old it may be to be used again.
    pub max_age: Option<Duration>,
    /// The levels of a SLSA Verification Summary, where one is to be signed too.
    pub vsa: Option<Vec<String>>,
    /// Whose evidence counts, by the names that the document has for signers; that of all of them, where it names none.
    pub signers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    id: String,
    valid_for: Option<String>,
    max_age: Option<String>,
    vsa: Option<Vec<String>>,
    #[serde(default)]
    signers: Vec<String>,
}

impl EvidenceRules {
    pub(super) fn read(parameters: &Parameters) -> Result<Self, TableProblem> {
        let Written { id, valid_for, max_age, vsa, signers } = parameters.read()?;
        if !is_uri(&id) {
            return Err(TableProblem::Parameters {
                why: format!("id: {id:?} is no URI"),
                remedy: Some("Write one that is yours, such as https://ci.acme.example/promotions.".to_owned()),
            });
        }
        let time = |key: &str, text: Option<String>| text.map(|text| duration(key, &text)).transpose();
        let (valid_for, max_age) = (time("valid-for", valid_for)?, time("max-age", max_age)?);
        Ok(Self { id, valid_for, max_age, vsa, signers })
    }

    /// Evidence by these rules, signed by `signer`, and used again where `verifier` knows who signed it.
    pub fn signing(
        &self,
        signer: impl StatementSigner + 'static,
        verifier: impl StatementVerifier + 'static,
    ) -> EvidenceSigning {
        let mut signing = EvidenceSigning::new(&self.id, signer, verifier);
        if let Some(time) = self.valid_for {
            signing = signing.valid_for(time);
        }
        if let Some(age) = self.max_age {
            signing = signing.max_age(age);
        }
        match &self.vsa {
            Some(levels) => signing.with_vsa(levels),
            None => signing,
        }
    }
}

/// A scheme, and something behind it (RFC 3986, 3).
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme && !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic())
}
