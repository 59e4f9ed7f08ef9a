//! Who signs what promotions leave with images, and who is believed to have.

use std::sync::Arc;

use lockage_promote::pipeline::approval::{Checked, StatementSigner, StatementVerifier as _};
use lockage_promote::pipeline::documents::{Document, TableProblem};
use lockage_promote::pipeline::evidence::{EvidenceSigning, PromotionProof};
use lockage_signing::gate::Signers;
use serde_json::json;

use super::Trouble;
use super::world::{Setup, invalid};
use crate::ledger::signers;
use crate::report::Failure;
use crate::signing::seal::{MayBy, Seal};

/// In whose name evidence is, where the document says nothing of it.
const ID: &str = "https://lockage.dev/promote";

/// Whoever signs. Where the document says that promotions leave evidence, somebody has to; and a key has to be one that is
/// believed, before anything moves.
pub(super) async fn signer(
    setup: &Setup,
    by: &MayBy,
    writes: bool,
) -> Result<Option<Arc<dyn StatementSigner>>, Failure> {
    let document = Document::read(&setup.config).map_err(invalid)?;
    let Some(seal) = by.open().await? else {
        if writes && document.evidence().is_some() {
            let why = "promotions leave evidence, and nobody was given to sign it";
            let remedy = Some("Give --key FILE or --identity-token FILE.".to_owned());
            let problem = TableProblem::Parameters { why: why.to_owned(), remedy };
            return Err(invalid(document.evidence_error(problem)));
        }
        return Ok(None);
    };
    let is_key = matches!(seal, Seal::Key(_));
    let signer = seal.statements();
    if is_key {
        believed(&document, &signer).await?;
    }
    Ok(Some(signer))
}

/// That evidence by this key would be known again. Nothing of it is kept.
async fn believed(document: &Document, signer: &Arc<dyn StatementSigner>) -> Result<(), Failure> {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "nothing", "digest": { "sha256": "0".repeat(64) } }],
        "predicateType": "https://lockage.dev/trial/v1",
        "predicate": {},
    });
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
        Failure::error(&Trouble::new("the key cannot be tried").because(error))
    };
    let sealed = signer.sign_statement(statement.to_string().as_bytes()).await.map_err(failed)?;
    match verifier(document)?.verify_statement(&sealed).await.map_err(failed)? {
        Checked::Signed { .. } => Ok(()),
        Checked::Refused { reason } => {
            let trouble = Trouble::at(document.file(), "evidence by this key would count for nothing").because(reason);
            Err(Failure::usage(&trouble.remedy("Name its public key below [signers], and in signers of [evidence].")))
        }
    }
}

/// How promotions sign.
pub(super) fn signing(document: &Document, signer: Arc<dyn StatementSigner>) -> Result<EvidenceSigning, Failure> {
    let verifier = verifier(document)?;
    Ok(match document.evidence() {
        Some(rules) => rules.signing(signer, verifier),
        None => EvidenceSigning::new(ID, signer, verifier),
    })
}

/// Which evidence has to be there: none, where the document does not say that promotions leave any.
pub(super) fn proof(document: &Document) -> Result<Option<PromotionProof>, Failure> {
    match document.evidence() {
        Some(_) => verifier(document).map(PromotionProof::new).map(Some),
        None => Ok(None),
    }
}

/// Those whose evidence counts.
fn verifier(document: &Document) -> Result<Arc<Signers>, Failure> {
    let names = document.evidence().map_or(&[][..], |rules| &rules.signers);
    if document.signers().next().is_none() {
        let trouble = Trouble::at(document.file(), "nobody's evidence would count: there are no signers");
        return Err(Failure::usage(&trouble.remedy("Name them below [signers].")));
    }
    signers::of_document(document, names, "evidence")
}
