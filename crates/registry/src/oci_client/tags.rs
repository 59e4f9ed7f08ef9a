//! Tags, page by page.

use std::collections::{HashSet, VecDeque};

use futures::stream::{self, BoxStream, StreamExt as _};
use lockage_tagging::{Repository, Tag};

use super::call::call;
use super::{OciClient, reference};
use crate::{Error, ErrorKind, Result};

/// As many as registries give at once; those that give fewer are asked again.
const PAGE: usize = 1000;

impl OciClient {
    /// The client drops the header `Link`, so that the next page is asked for by the last tag of this one, and only
    /// a page that adds nothing is known to be the last: a registry may give fewer tags than it is asked for, and one
    /// that does not page gives the same ones again.
    pub(super) fn list<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        let begin = Some(Listing { last: None, ready: VecDeque::new(), seen: HashSet::new() });
        stream::unfold(begin, move |listing| async move {
            let mut listing = listing?;
            if listing.ready.is_empty() {
                match self.page(repo, listing.last.as_deref()).await {
                    Ok(page) => listing.take(page),
                    Err(error) => return Some((Err(error), None)),
                }
            }
            let name = listing.ready.pop_front()?;
            match name.parse() {
                Ok(tag) => Some((Ok(tag), Some(listing))),
                Err(error) => {
                    let error = Error::new(ErrorKind::Protocol, "list tags", repo)
                        .with_message(format_args!("{name:?} is no tag"))
                        .with_source(error);
                    Some((Err(error), None))
                }
            }
        })
        .boxed()
    }

    async fn page(&self, repo: &Repository, last: Option<&str>) -> Result<Vec<String>> {
        let at = self.ready(reference::repository(repo), repo.host()).await;
        let listed = self.client.list_tags(&at, self.auth_for(repo.host()), Some(PAGE), last);
        Ok(call("list tags", repo, listed).await?.tags)
    }
}

struct Listing {
    last: Option<String>,
    ready: VecDeque<String>,
    seen: HashSet<String>,
}

impl Listing {
    fn take(&mut self, page: Vec<String>) {
        self.last = page.last().cloned();
        self.ready.extend(page.into_iter().filter(|name| self.seen.insert(name.clone())));
    }
}
