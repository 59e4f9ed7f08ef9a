//! Statements of promotions: signed by keys and identities, and whose they are by those who are known.
#![cfg(feature = "gate")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

#[cfg(feature = "bundle")]
mod identities;
#[cfg(feature = "keyless")]
mod keyless;
mod keys;
#[path = "../gate/toy.rs"]
mod toy;

use lockage_promote::statement::{Checked, Sealed, SignedBy, StatementVerifier as _};
use lockage_signing::gate::Signers;

pub(crate) const STATEMENT: &[u8] =
    br#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}}],
 "predicateType":"https://acme.example/checked/v1","predicate":{"at": 1.50}}"#;

pub(crate) const IN_TOTO: &str = "application/vnd.in-toto+json";
pub(crate) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
pub(crate) const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";

pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(bytes)
}

/// Whose it is; the statement has to be the bytes that were signed.
pub(crate) async fn signed(signers: &Signers, sealed: &Sealed) -> SignedBy {
    match signers.verify_statement(sealed).await.unwrap() {
        Checked::Signed { statement, by } => {
            assert_eq!(statement, STATEMENT);
            by
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn refused(signers: &Signers, sealed: &Sealed) -> String {
    match signers.verify_statement(sealed).await.unwrap() {
        Checked::Refused { reason } => {
            assert!(!reason.contains('\n'), "{reason}");
            reason
        }
        other => panic!("{other:?}"),
    }
}
