//! Listings: one that breaks is started again, and yields what it has not yielded yet.

use std::collections::HashSet;

use futures::stream::{self, BoxStream, StreamExt as _};
use lockage_tagging::{Repository, Tag};

use super::attempts::{Attempts, Waiting};
use crate::{Result, Source};

struct Listing<'a, T> {
    inner: &'a T,
    repo: &'a Repository,
    attempts: Attempts,
    /// None while it is broken.
    stream: Option<BoxStream<'a, Result<Tag>>>,
    yielded: HashSet<Tag>,
    restarted: bool,
}

pub(super) fn tags<'a, T: Source>(inner: &'a T, waiting: &Waiting, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
    let stream = Some(inner.tags(repo));
    let attempts = waiting.attempts();
    let listing = Listing { inner, repo, attempts, stream, yielded: HashSet::new(), restarted: false };
    stream::unfold(Some(listing), |listing| async move {
        let mut listing = listing?;
        match listing.next().await? {
            Ok(tag) => Some((Ok(tag), Some(listing))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

impl<T: Source> Listing<'_, T> {
    async fn next(&mut self) -> Option<Result<Tag>> {
        loop {
            let mut stream = self.stream.take().unwrap_or_else(|| self.inner.tags(self.repo));
            match stream.next().await? {
                Ok(tag) => {
                    self.stream = Some(stream);
                    // What a registry lists twice in one go is not for this wrapper to hide.
                    let new = self.yielded.insert(tag.clone());
                    if new || !self.restarted {
                        return Some(Ok(tag));
                    }
                }
                Err(error) => {
                    drop(stream);
                    if let Err(error) = self.attempts.again(error).await {
                        return Some(Err(error));
                    }
                    self.restarted = true;
                }
            }
        }
    }
}
