//! The image of a branch: by the commit or the version that its name carries, or by its head.

use lockage_tagging::branches::BranchError;

use super::{Conventions, Found, Place, ResolveError, commit, version};
use crate::pipeline::Select;

/// Where the name carries a commit, it is that one, and `head`, where it is known, has to be the same. Else it is `head`; and
/// where that is not known, the version that the name has.
pub(super) async fn find(
    place: Place<'_>,
    select: &Select,
    branch: &str,
    head: Option<&str>,
    conventions: &Conventions,
) -> Result<Option<Found>, ResolveError> {
    let unreadable = |why: String| ResolveError::Branch { branch: branch.to_owned(), why };
    let reading = conventions.branches.read(branch, head).map_err(|error| match (error, head) {
        // It went on after it was named: a bug was fixed on it.
        (BranchError::CommitMismatch { commit, .. }, Some(head)) => {
            ResolveError::BranchMoved { branch: branch.to_owned(), carried: commit, head: head.to_owned() }
        }
        (error, _) => unreadable(error.to_string()),
    })?;
    let carried = reading.as_ref().and_then(|reading| reading.commit.as_deref());
    let named = reading.as_ref().and_then(|reading| reading.version());
    match (head.or(carried), named) {
        (Some(commit), version) => {
            let found = commit::find(place, select, commit, conventions).await?;
            Ok(found.map(|found| Found { version: version.map(ToString::to_string), ..found }))
        }
        (None, Some(version)) => version::find(place, select, &version.to_string()).await,
        (None, None) if reading.is_none() => Err(unreadable("no rule is about such a branch".to_owned())),
        (None, None) => Err(unreadable("it names neither a commit nor a version".to_owned())),
    }
}
