//! A body whose bytes pass through something on their way, and which stays replayable if it was.

use futures::future::FutureExt as _;

use crate::{Body, ByteStream, Error, ErrorKind, Result};

/// `body` with `through` around each stream that is opened of it.
pub(super) async fn tap<'a, F>(body: Body<'a>, through: F) -> Result<Body<'a>>
where
    F: Fn(ByteStream) -> ByteStream + Clone + Send + Sync + 'a,
{
    if body.try_clone().is_none() {
        return Ok(Body::once(through(body.open(0).await?)));
    }
    Ok(Body::replayable(move |from| {
        let (body, through) = (body.try_clone(), through.clone());
        async move {
            let body = body.ok_or_else(|| {
                Error::new(ErrorKind::Invalid, "push blob", "a body").with_message("it can be read only once")
            })?;
            Ok(through(body.open(from).await?))
        }
        .boxed()
    }))
}
