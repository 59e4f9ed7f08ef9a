//! `Trust`: whose signatures under entries are believed, and whether an entry needs one.

use std::sync::Arc;

use bytes::Bytes;
use lockage_registry::Digest;

use super::LedgerError;
use super::statement::{Said, Statement};
use crate::pipeline::approval::{Checked, Sealed, SignedBy, StatementVerifier};

/// The media type of a statement that nobody has signed.
pub(super) const PLAIN: &str = "application/vnd.in-toto+json";

/// Whose signatures under entries are believed.
#[derive(Clone, Debug)]
pub struct Trust {
    verifier: Option<Arc<dyn StatementVerifier>>,
    unsigned: bool,
}

/// What is known of who wrote an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Word {
    /// Somebody whom the verifier knows.
    Of(SignedBy),
    /// It is not signed.
    Unsigned,
    /// It is signed, and nobody has looked at the signature.
    Unchecked,
}

/// What is wrong with a seal.
#[derive(Debug)]
pub(super) enum Flaw {
    Unsigned,
    Refused(String),
    Other(Said),
}

impl Trust {
    /// Every entry has to be signed by somebody whom `verifier` knows.
    pub fn signed_by(verifier: impl StatementVerifier + 'static) -> Self {
        Self { verifier: Some(Arc::new(verifier)), unsigned: false }
    }

    /// Takes entries that nobody has signed too, as a ledger has them that was begun without a key. Whoever can push to the
    /// ledger can add such entries.
    #[must_use]
    pub fn or_unsigned(self) -> Self {
        Self { unsigned: true, ..self }
    }

    /// Looks at no signature. Whoever can push to the ledger can say anything.
    #[must_use]
    pub fn unchecked() -> Self {
        Self { verifier: None, unsigned: true }
    }

    /// Whether it looks at signatures.
    pub(super) fn checks(&self) -> bool {
        self.verifier.is_some()
    }

    pub(super) fn takes_unsigned(&self) -> bool {
        self.unsigned
    }

    /// Who has said `predicate` in `ledger`; in any, where none is given. Gives the ledger back, where it can be told.
    pub(super) async fn check(
        &self,
        expected: &Statement<'_>,
        sealed: &Sealed,
    ) -> Result<Result<(Word, Option<String>), Flaw>, LedgerError> {
        let (statement, word) = match (&self.verifier, sealed.media_type.as_str()) {
            (_, PLAIN) if self.unsigned => (sealed.bytes.clone(), Word::Unsigned),
            (_, PLAIN) => return Ok(Err(Flaw::Unsigned)),
            (None, _) => return Ok(Ok((Word::Unchecked, None))),
            (Some(verifier), _) => match verifier.verify_statement(sealed).await {
                Ok(Checked::Signed { statement, by }) => (statement, Word::Of(by)),
                Ok(Checked::Refused { reason }) => return Ok(Err(Flaw::Refused(reason))),
                Err(source) => return Err(LedgerError::Backend { what: "check a signature of", source }),
            },
        };
        Ok(match Said::read(&statement) {
            Err(why) => Err(Flaw::Refused(why)),
            Ok(said) if expected.is(&said) => Ok((word, Some(said.ledger))),
            Ok(said) => Err(Flaw::Other(said)),
        })
    }
}

/// A statement that is stored without a signature.
pub(super) fn unsigned(statement: Vec<u8>) -> Sealed {
    Sealed::new(PLAIN, Bytes::from(statement))
}

impl Flaw {
    /// In one line, where `ledger` is the one that was asked and `id` what was found there.
    pub(super) fn why(&self, id: &Digest) -> String {
        match self {
            Self::Unsigned => "nobody has signed it".to_owned(),
            Self::Refused(why) => why.clone(),
            Self::Other(said) if said.id != *id => format!("what is signed is {}", said.id),
            Self::Other(said) => format!("it was signed for {:?}", said.ledger),
        }
    }
}
