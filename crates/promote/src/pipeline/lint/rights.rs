//! What credentials can do that they should not.

use futures::TryStreamExt as _;
use lockage_registry::{Algorithm, Descriptor, Error, ErrorKind, Opened, Repository, Result, Target, digest_of};

/// Whether a repository can be written by what reads it: a credential that is only to read should not.
///
/// A session for a blob is opened, and cancelled at once; nothing is sent, and nothing is left. `nonce` is anything that was
/// never said before, so that no blob has its digest. One request to see that the repository is there, which is not made by
/// asking; one POST; and one DELETE where the answer is yes.
///
/// # Errors
/// Where the repository cannot be read or is not there, and for every answer that is neither yes nor a refusal. A session
/// that could not be cancelled is an error too; the registry forgets it in time.
pub async fn can_write(registry: &dyn Target, repo: &Repository, nonce: &[u8]) -> Result<bool> {
    registry.tags(repo).try_next().await?;
    let digest = digest_of(Algorithm::Sha256, nonce)?;
    let blob = Descriptor::new("application/octet-stream", digest, u64::try_from(nonce.len()).unwrap_or(u64::MAX));
    match registry.open_blob(repo, &blob, None).await {
        Ok(Opened::Upload(session)) => session.cancel().await.map(|()| true),
        // It cannot be there, so that this is no answer.
        Ok(Opened::Present) => {
            let said = "answered that a blob is there which nobody has pushed";
            Err(Error::new(ErrorKind::Protocol, "open a session", repo.to_string()).with_message(said))
        }
        // It was read a moment ago: a repository that is not there for who writes is one that they may not write.
        Err(error) => match error.kind() {
            ErrorKind::Unauthorized | ErrorKind::Denied | ErrorKind::Unsupported | ErrorKind::NotFound => Ok(false),
            _ => Err(error),
        },
    }
}
