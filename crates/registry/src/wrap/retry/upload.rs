//! Uploads: one that fails is sent again in a new session, if its body can be sent again.

use std::fmt;

use async_trait::async_trait;
use lockage_tagging::Repository;

use super::attempts::Waiting;
use crate::{Body, Descriptor, Opened, Result, Target, Upload};

/// `opened`, with a session that is replaced when it fails.
pub(super) fn retried<T: Target + Clone + 'static>(
    opened: Opened,
    inner: &T,
    waiting: &Waiting,
    repo: &Repository,
    blob: &Descriptor,
) -> Opened {
    match opened {
        Opened::Present => Opened::Present,
        Opened::Upload(session) => Opened::Upload(Box::new(Session {
            session,
            inner: inner.clone(),
            waiting: waiting.clone(),
            repo: repo.clone(),
            blob: blob.clone(),
        })),
    }
}

struct Session<T> {
    session: Box<dyn Upload>,
    inner: T,
    waiting: Waiting,
    repo: Repository,
    blob: Descriptor,
}

impl<T> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Retry({:?})", self.session)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Target + 'static> Upload for Session<T> {
    async fn complete(self: Box<Self>, mut body: Body<'_>) -> Result<()> {
        let Self { mut session, inner, waiting, repo, blob } = *self;
        let mut attempts = waiting.attempts();
        loop {
            // What can be sent once is gone with the first attempt.
            let spare = body.try_clone();
            let Err(error) = session.complete(body).await else { return Ok(()) };
            let Some(again) = spare else { return Err(error) };
            attempts.again(error).await?;
            body = again;
            // No mount is asked for again: the registry has answered that question with the first session.
            session = loop {
                match inner.open_blob(&repo, &blob, None).await {
                    Ok(Opened::Present) => return Ok(()),
                    Ok(Opened::Upload(session)) => break session,
                    Err(error) => attempts.again(error).await?,
                }
            };
        }
    }

    async fn cancel(self: Box<Self>) -> Result<()> {
        self.session.cancel().await
    }
}
