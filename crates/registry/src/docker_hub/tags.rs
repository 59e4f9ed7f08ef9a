//! `Tags`: the requests to Docker Hub's API ("Docker Hub API", "repositories").

use std::collections::HashSet;
use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use lockage_tagging::{Host, Repository, Tag};
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap};
use url::Url;

use super::HubTag;
use super::refusal::refusal;
use super::tag::Page;
use super::token::Tokens;
use crate::client::api::{self, Api, Call, Dialect, Followed, Refusal, Reply};
use crate::client::{Client, Secret};
use crate::{Error, ErrorKind, Result};

const LIST: &str = "list tags of";
const DELETE: &str = "delete tag";

/// How many tags are asked for at once: the most that Docker Hub gives.
const PAGE: &str = "100";

/// The API of Docker Hub, with the credentials of its registry. Clones share the limits.
#[derive(Clone)]
pub struct Tags {
    api: Api,
    tokens: Tokens,
}

/// A list of tags.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct List {
    /// The tags.
    pub tags: Vec<HubTag>,
    /// False where the list changed while it was read, page by page: then it may lack some.
    pub steady: bool,
}

impl Tags {
    /// The API at `hub.docker.com`, through the pools, limits and credentials of `client`.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub fn new(client: &Client) -> Result<Self> {
        let host = "hub.docker.com"
            .parse()
            .map_err(|e| Error::new(ErrorKind::Configuration, "use", "hub.docker.com").with_source(e))?;
        Self::at(client, &host)
    }

    /// The API at another host.
    ///
    /// # Errors
    /// [`ErrorKind::UrlRefused`] where the client may not reach the host.
    pub fn at(client: &Client, host: &Host) -> Result<Self> {
        Ok(Self { api: client.api(host)?, tokens: Tokens::default() })
    }

    /// All tags: one request for 100.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is no such repository, or it is not shown to these credentials.
    pub async fn list(&self, repo: &Repository) -> Result<List> {
        let mut url = self.url("namespaces", repo, &["tags"])?;
        url.query_pairs_mut().append_pair("page", "1").append_pair("page_size", PAGE);
        let mut call =
            Call { operation: LIST, subject: repo.to_string(), method: Method::GET, url, body: Bytes::new() };
        let (mut followed, mut seen) = (Followed::default(), HashSet::new());
        let mut list = List { tags: Vec::new(), steady: true };
        let mut counts = HashSet::new();
        loop {
            let page: Page = call.read(&self.send(repo, &call).await?)?;
            counts.insert(page.count);
            for document in page.results {
                let tag = document.tag(&call)?;
                if seen.insert(tag.name.clone()) {
                    list.tags.push(tag);
                } else {
                    list.steady = false;
                }
            }
            let Some(next) = page.next.filter(|next| !next.is_empty()) else { break };
            call.url = self.api.follow(&call.url, &next, &mut followed)?;
        }
        // What was pushed or deleted meanwhile has moved tags from page to page.
        list.steady &= counts.len() == 1 && counts.contains(&(list.tags.len() as u64));
        Ok(list)
    }

    /// Deletes a tag: one request.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is none, [`Denied`](ErrorKind::Denied) where the token may not.
    pub async fn delete(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        // The path of its own web site: the documented ones delete no tag.
        let mut url = self.url("repositories", repo, &["tags", tag.as_ref()])?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.push("");
        }
        let subject = format!("{repo}:{tag}");
        let call = Call { operation: DELETE, subject, method: Method::DELETE, url, body: Bytes::new() };
        match self.send(repo, &call).await {
            // An attempt before this one did it, and its answer was lost.
            Err(error) if error.is_not_found() && error.attempts() > 1 => Ok(()),
            deleted => deleted.map(drop),
        }
    }

    /// Sends it, once more with another token where the one that was held is not accepted any more.
    async fn send(&self, repo: &Repository, call: &Call) -> Result<Reply> {
        let token = self.tokens.of(&self.api, repo, None).await?;
        match self.api.send(call, &Speaker { token: token.as_ref() }).await {
            Err(error) if error.kind() == ErrorKind::Unauthorized && token.is_some() => {
                let token = self.tokens.of(&self.api, repo, token.as_ref()).await?;
                self.api.send(call, &Speaker { token: token.as_ref() }).await
            }
            answered => answered,
        }
    }

    /// `/v2/namespaces/<namespace>/repositories/<name>/<rest>`, or without the word for the namespace.
    fn url(&self, word: &str, repo: &Repository, rest: &[&str]) -> Result<Url> {
        let Some((namespace, name)) = repo.path().split_once('/').filter(|(_, name)| !name.contains('/')) else {
            return Err(Error::new(ErrorKind::Invalid, "name the repository", repo)
                .with_message("a repository at Docker Hub has a namespace and a name")
                .with_remedy("Write docker.io/NAMESPACE/NAME."));
        };
        let mut url = self.api.root();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v2", word, namespace]);
            if word == "namespaces" {
                path.push("repositories");
            }
            path.push(name).extend(rest);
        }
        Ok(url)
    }
}

/// Speaks with this token.
struct Speaker<'a> {
    token: Option<&'a Secret>,
}

#[async_trait]
impl Dialect for Speaker<'_> {
    async fn headers(&self, call: &Call) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        api::insert(&mut headers, call, ACCEPT, "application/json")?;
        if let Some(token) = self.token {
            headers.insert(AUTHORIZATION, api::sensitive(&Secret::new(format!("Bearer {}", token.expose())))?);
        }
        Ok(headers)
    }

    fn refusal(&self, call: &Call, status: u16, headers: &HeaderMap, body: &[u8]) -> Refusal {
        let needs = if call.operation == DELETE { "read, write and delete" } else { "read" };
        refusal(Some(needs), status, headers, body)
    }
}

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tags").field("api", &self.api).finish_non_exhaustive()
    }
}
