//! Reading what is attached: which statements there are, who signed them, and what they say.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use lockage_registry::{Descriptor, Digest, Error, ErrorKind, Repository, Source};

use super::statement::Statement;
use crate::pipeline::approval::{Checked, Sealed, SignedBy, StatementError, StatementVerifier, read_sealed};

/// How many statements are looked at: whoever can push can attach as many as they like.
const MAX: usize = 500;

const AT_ONCE: usize = 8;

pub(super) const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";

/// Something that is attached.
pub(super) struct Attached {
    pub(super) manifest: Digest,
    pub(super) said: Said,
}

pub(super) enum Said {
    /// Somebody whom the verifier knows says this, of this very manifest in this repository.
    Signed { statement: Statement, sealed: Sealed, by: SignedBy },
    /// Nobody's word, and why.
    Nothing(String),
    /// The verifier cannot tell.
    Undecided(StatementError),
}

/// All that is attached to `subject` and may be a statement of one of these types.
pub(super) async fn attached(
    source: &dyn Source,
    repo: &Repository,
    subject: &Digest,
    types: &[&str],
    verifier: &dyn StatementVerifier,
) -> lockage_registry::Result<Vec<Attached>> {
    let mut listed = source.referrers(repo, subject, None).await?;
    listed.retain(|entry| may_be(entry, types));
    listed.sort_by(|a, b| a.digest.cmp(&b.digest));
    listed.dedup_by(|a, b| a.digest == b.digest);
    if listed.len() > MAX {
        return Err(Error::new(ErrorKind::TooLarge, "read evidence of", format_args!("{repo}@{subject}"))
            .with_message(format_args!("there are {} statements, and {MAX} are looked at", listed.len()))
            .with_remedy("Somebody attached them; delete those that nobody needs."));
    }
    let found = listed.into_iter().map(|entry| async move {
        let said = match read_sealed(source, repo, subject, &entry).await? {
            Ok(sealed) => check(repo, subject, types, sealed, verifier).await,
            Err(why) => Said::Nothing(why),
        };
        Ok(Attached { manifest: entry.digest, said })
    });
    stream::iter(found).buffered(AT_ONCE).try_collect().await
}

/// By its annotation; what has none may be anything that is signed.
fn may_be(entry: &Descriptor, types: &[&str]) -> bool {
    match entry.annotations.get(PREDICATE_TYPE) {
        Some(said) => types.contains(&said.as_str()),
        None => {
            entry.artifact_type.as_ref().is_some_and(|kind| kind.starts_with("application/vnd.dev.sigstore.bundle"))
        }
    }
}

async fn check(
    repo: &Repository,
    subject: &Digest,
    types: &[&str],
    sealed: Sealed,
    verifier: &dyn StatementVerifier,
) -> Said {
    let (statement, by) = match verifier.verify_statement(&sealed).await {
        Ok(Checked::Signed { statement, by }) => (statement, by),
        Ok(Checked::Refused { reason }) => return Said::Nothing(reason),
        Err(error) => return Said::Undecided(error),
    };
    match Statement::parse(&statement) {
        Err(why) => Said::Nothing(why),
        Ok(statement) if !types.contains(&statement.predicate_type.as_str()) => {
            Said::Nothing(format!("it is a {:?}", statement.predicate_type))
        }
        // What is copied elsewhere says nothing of there.
        Ok(statement) if !statement.is_about(repo, subject) => {
            Said::Nothing("it is about another image, or another repository".to_owned())
        }
        Ok(statement) => Said::Signed { statement, sealed, by },
    }
}
