//! Documents: who may sign, and the gates that ask for signatures, from what `lockage.toml` says.
//!
//! ```
//! use lockage_promote::pipeline::documents::{BuiltIn, Document, Factories, Format};
//! use lockage_signing::documents::SigningGates;
//!
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("lockage.toml");
//! # let key = lockage_signing::KeyPair::generate()?;
//! # use lockage_signing::Verifier as _;
//! # std::fs::write(folder.path().join("release.pub"), key.public_key().to_pem())?;
//! let document = Document::parse(&file, Format::Toml, r#"
//!     [signers]
//!     release = { key = "release.pub" }
//!
//!     [gates.signed]
//!     kind = "signature"
//!     signers = ["release"]
//!
//!     [gates.two-people]
//!     kind = "approval"
//!     quorum = 2
//! "#)?;
//! let signing = SigningGates::of(&document)?;
//! let factories = Factories::new().with(BuiltIn::new().verifying(signing.verifier())).with(signing);
//! assert_eq!(document.gates(&factories)?.len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod asked;
mod attestation;
mod read;
mod signature;
mod test_result;

use std::sync::Arc;

use lockage_promote::Gate;
use lockage_promote::pipeline::documents::{Document, DocumentError, GateFactory, Parameters, TableProblem};

use crate::gate::Signers;

/// Makes the gates that ask for signatures, and knows those who may sign.
///
/// A signer is `{ key = "FILE" }`, or `{ identity = "…" }` or `{ identity-regexp = "…" }` with `issuer` or `issuer-regexp`;
/// files are taken from the folder of the document. `trusted-root` names a `trusted_root.json`: for an identity in place of
/// Sigstore's public root, for a key so that log entries and timestamps are checked and prove when it has signed. `from` and
/// `until` (RFC 3339) say when a key is believed. [`Signers`] says who counts by which name.
///
/// | kind | parameters |
/// |---|---|
/// | `signature` | `signers`; `threshold`, `claims`, `reference`, `recursive`, `transparency-log`, `timestamp` |
/// | `attestation` | `predicate-type`, `signers`; `threshold`, `recursive`, `transparency-log`, `timestamp`, `max-age`; of provenance `builder`, `build-type`, `source`; of a VSA `verifier`, `resource`, `levels`; of an SVR `verifier`, `properties` |
/// | `test-result` | `signers`; `threshold`, `recursive`, `transparency-log`, `timestamp`, `max-age`, `configurations`, `tests`, `warnings` |
///
/// * `signers` lists names of `[signers]`; as many of them as `threshold` says (1) have to have signed. Those of one gate
///   have one trusted root, or none.
/// * `reference` is `"repository"`: signed for the repository that it is copied from; `{ exact = "…" }`; or
///   `{ here = "…", signed = "…" }` for mirrors.
/// * `recursive` asks it of everything in an index too.
/// * `source` is compared with the repository that defined the build, without `git+`, `.git`, and what stands behind `@` or
///   `#`. `builder`, `build-type`, `source`, `verifier` and `resource` are a text, or several of which one has to be it.
/// * A VSA has to have passed, and so has a test result; `warnings = true` takes warnings too.
/// * `max-age` counts from the time that the predicate says (VSA, SVR), or that is proven, whichever is earlier. A test
///   result says none: its time has to be proven by a log or a timestamp.
///
/// # Cost
///
/// Reading a document costs no request. Each gate costs as [`Policy::verify`](crate::Policy::verify) or
/// [`Policy::verify_attestation`](crate::Policy::verify_attestation), with `recursive` for every manifest. `approval` costs
/// the list of what is attached to the image, and for each approval its manifest and its content: 500 at most, so some
/// thousand requests where somebody floods it, 8 at a time, and no request to check them.
#[derive(Clone, Debug)]
#[must_use]
pub struct SigningGates {
    signers: Arc<Signers>,
}

const KINDS: [&str; 3] = ["attestation", "signature", "test-result"];

impl SigningGates {
    /// Knows the signers of a document, and reads their keys and roots.
    ///
    /// # Errors
    /// The first signer that cannot be known, with the line: a file that is not there or is none, an identity without its
    /// issuer, somebody who is there by another name.
    pub fn of(document: &Document) -> Result<Self, DocumentError> {
        read::signers(document, |_| true).map(Self::knowing)
    }

    /// Knows those of a document's signers who have one of these names, and nobody else.
    ///
    /// # Errors
    /// As [`of`](Self::of). A name that no signer has is nobody's, which is for the caller to say.
    pub fn of_named(document: &Document, names: &[String]) -> Result<Self, DocumentError> {
        read::signers(document, |name| names.iter().any(|asked| asked == name)).map(Self::knowing)
    }

    /// Knows these.
    pub fn knowing(signers: Signers) -> Self {
        Self { signers: Arc::new(signers) }
    }

    /// Those who may sign: for approvals ([`BuiltIn::verifying`]), the ledger and evidence.
    ///
    /// [`BuiltIn::verifying`]: lockage_promote::pipeline::documents::BuiltIn::verifying
    #[must_use]
    pub fn verifier(&self) -> Arc<Signers> {
        Arc::clone(&self.signers)
    }
}

impl GateFactory for SigningGates {
    fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Gate>, TableProblem> {
        Ok(match kind {
            "attestation" => Arc::new(attestation::gate(&self.signers, parameters)?.named(name)),
            "signature" => Arc::new(signature::gate(&self.signers, parameters)?.named(name)),
            "test-result" => Arc::new(test_result::gate(&self.signers, parameters)?.named(name)),
            _ => return Err(TableProblem::unknown(kind, KINDS)),
        })
    }
}

/// In one line: a regular expression explains itself in several.
fn problem(why: impl ToString, remedy: impl Into<String>) -> TableProblem {
    let why = why.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    TableProblem::Parameters { why, remedy: Some(remedy.into()) }
}
