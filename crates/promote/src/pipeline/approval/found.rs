//! Finding the approvals that are stored with an image, and who signed them.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use lockage_registry::{
    Content, Descriptor, Digest, Error, ErrorKind, RawManifest, Repository, Source, SourceExt as _, TagOrDigest,
};

use super::{ARTIFACT_TYPE, Approval, Checked, Sealed, SignedBy, StatementError, StatementVerifier};

/// How many approvals are looked at: whoever can push can attach as many as they like.
const MAX: usize = 500;

/// The largest approval that is read, in bytes.
const LIMIT: u64 = 1024 * 1024;

const AT_ONCE: usize = 8;

/// What is attached as an approval.
pub(super) struct Found {
    pub(super) manifest: Digest,
    pub(super) what: What,
}

pub(super) enum What {
    /// Somebody's word.
    Signed(Box<Approval>, SignedBy),
    /// Nobody's, and why.
    Nothing(String),
    /// The verifier cannot tell.
    Undecided(StatementError),
}

/// All approvals that are attached to `root`.
pub(super) async fn find(
    source: &dyn Source,
    repo: &Repository,
    root: &Digest,
    verifier: &dyn StatementVerifier,
) -> lockage_registry::Result<Vec<Found>> {
    let mut listed = source.referrers(repo, root, Some(ARTIFACT_TYPE)).await?;
    listed.sort_by(|a, b| a.digest.cmp(&b.digest));
    listed.dedup_by(|a, b| a.digest == b.digest);
    if listed.len() > MAX {
        return Err(Error::new(ErrorKind::TooLarge, "read approvals of", format_args!("{repo}@{root}"))
            .with_message(format_args!("there are {}, and {MAX} are looked at", listed.len()))
            .with_remedy("Somebody attached them; delete those that nobody needs."));
    }
    let found = listed.into_iter().map(|entry| async move {
        let what = match read(source, repo, root, &entry).await? {
            Ok(sealed) => check(verifier, &sealed).await,
            Err(why) => What::Nothing(why),
        };
        Ok(Found { manifest: entry.digest, what })
    });
    stream::iter(found).buffered(AT_ONCE).try_collect().await
}

/// What is signed; or why there is nothing, where a stranger may have attached just that.
pub(in crate::pipeline) async fn read(
    source: &dyn Source,
    repo: &Repository,
    root: &Digest,
    entry: &Descriptor,
) -> lockage_registry::Result<Result<Sealed, String>> {
    let raw = match source.manifest(repo, &TagOrDigest::Digest(entry.digest.clone())).await {
        Ok(raw) => RawManifest::verified(raw.media_type(), raw.bytes().clone(), &entry.digest)?,
        Err(error) if error.is_not_found() => return Ok(Err("it is listed, and not there".to_owned())),
        Err(error) => return Err(error),
    };
    let Ok(view) = raw.view() else { return Ok(Err("its manifest cannot be read".to_owned())) };
    if view.subject.as_ref().is_none_or(|subject| subject.digest != *root) {
        return Ok(Err("it is attached to another image".to_owned()));
    }
    let layers = match view.content {
        Content::Image { layers, .. } => layers,
        _ => Vec::new(),
    };
    let [layer] = layers.as_slice() else { return Ok(Err("it has not exactly one layer".to_owned())) };
    if layer.size > LIMIT {
        return Ok(Err(format!("it has {} bytes", layer.size)));
    }
    match source.read_blob(repo, layer, LIMIT).await {
        Ok(bytes) => Ok(Ok(Sealed::new(layer.media_type.clone(), bytes))),
        Err(error) if error.is_not_found() => Ok(Err("its content is not there".to_owned())),
        Err(error) => Err(error),
    }
}

async fn check(verifier: &dyn StatementVerifier, sealed: &Sealed) -> What {
    match verifier.verify_statement(sealed).await {
        Ok(Checked::Signed { statement, by }) => match Approval::parse(&statement) {
            Ok(approval) => What::Signed(Box::new(approval), by),
            Err(error) => What::Nothing(error.to_string()),
        },
        Ok(Checked::Refused { reason }) => What::Nothing(reason),
        Err(error) => What::Undecided(error),
    }
}
