//! `Artifacts`: the requests to Harbor's API (`/api/v2.0`, "artifact").

use std::collections::HashSet;
use std::fmt;

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use lockage_tagging::{Digest, Host, Repository, Tag};
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap};
use url::Url;

use super::Artifact;
use super::artifact::Document;
use super::refusal::refusal;
use crate::client::api::{self, Api, Call, Dialect, Followed, Refusal, Reply};
use crate::client::login::{Logins, Pair};
use crate::client::{Client, Secret};
use crate::{Error, ErrorKind, Result, TagOrDigest};

const LIST: &str = "list artifacts of";
const LOOK: &str = "look at artifact";
const DELETE: &str = "delete artifact";
const DELETE_TAG: &str = "delete tag";

/// How many artifacts are asked for at once: the most that Harbor gives.
const PAGE: &str = "100";

/// The API of a Harbor, with the credentials of its registry. Clones share the limits.
#[derive(Clone)]
pub struct Artifacts {
    api: Api,
    logins: Logins,
}

/// A list of artifacts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct List {
    /// The artifacts that have a tag or are named by nothing, the last pushed first.
    pub artifacts: Vec<Artifact>,
    /// False where the list changed while it was read, page by page: then it may lack some.
    pub steady: bool,
}

impl Artifacts {
    /// The API of this Harbor, through the pools, limits and credentials of `client`.
    ///
    /// # Errors
    /// [`ErrorKind::UrlRefused`] where the client may not reach the host.
    pub fn new(client: &Client, host: &Host) -> Result<Self> {
        Ok(Self { api: client.api(host)?, logins: Logins::default() })
    }

    /// All artifacts with their tags and accessories: one request for 100, and one more where there are more.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is no such repository.
    pub async fn list(&self, repo: &Repository) -> Result<List> {
        let mut url = self.url(repo, &[])?;
        url.query_pairs_mut().append_pair("page", "1").append_pair("page_size", PAGE);
        let first = with(self.call(LIST, repo, Method::GET, url), repo.to_string());
        let (mut call, mut followed) = (first.clone(), Followed::default());
        let mut list = List { artifacts: Vec::new(), steady: true };
        let (mut seen, mut of_first) = (HashSet::new(), None);
        loop {
            let reply = self.send(repo, &call).await?;
            let page = page(&call, &reply)?;
            // Harbor takes accessories out of a page after it was cut: a short page says nothing, only the link does.
            let next = self.api.next(&call.url, &reply, &mut followed)?;
            if of_first.is_none() && next.is_some() {
                of_first = Some(page.clone());
            }
            for artifact in page {
                if seen.insert(artifact.digest.clone()) {
                    list.artifacts.push(artifact);
                } else {
                    list.steady = false;
                }
            }
            let Some(url) = next else { break };
            call = Call { url, ..call };
        }
        if let Some(of_first) = of_first {
            list.steady &= page(&first, &self.send(repo, &first).await?)? == of_first;
        }
        Ok(list)
    }

    /// One artifact as it is now, by its digest or a tag: one request.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is none.
    pub async fn get(&self, repo: &Repository, what: &TagOrDigest) -> Result<Artifact> {
        let call = self.call(LOOK, repo, Method::GET, self.url(repo, &[&what.to_string()])?);
        let call = with(call, what.after(repo).to_string());
        let reply = self.send(repo, &call).await?;
        call.read::<Document>(&reply)?.artifact(&call)
    }

    /// Deletes an artifact with all its tags and accessories: one request.
    ///
    /// # Errors
    /// [`Rejected`](ErrorKind::Rejected) where an index names it, [`TagImmutable`](ErrorKind::TagImmutable) where a rule covers
    /// one of its tags, [`NotFound`](ErrorKind::NotFound) where there is none.
    pub async fn delete(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        let call = self.call(DELETE, repo, Method::DELETE, self.url(repo, &[digest.as_ref()])?);
        self.gone(repo, Call { subject: format!("{repo}@{digest}"), ..call }).await
    }

    /// Deletes a tag of an artifact, which is named by its digest or by the tag itself: one request.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where the artifact has no such tag, [`TagImmutable`](ErrorKind::TagImmutable) where a
    /// rule covers it.
    pub async fn delete_tag(&self, repo: &Repository, at: &TagOrDigest, tag: &Tag) -> Result<()> {
        let url = self.url(repo, &[&at.to_string(), "tags", tag.as_ref()])?;
        let call = self.call(DELETE_TAG, repo, Method::DELETE, url);
        self.gone(repo, Call { subject: format!("{repo}:{tag}"), ..call }).await
    }

    async fn gone(&self, repo: &Repository, call: Call) -> Result<()> {
        match self.send(repo, &call).await {
            // An attempt before this one did it, and its answer was lost.
            Err(error) if error.is_not_found() && error.attempts() > 1 => Ok(()),
            deleted => deleted.map(drop),
        }
    }

    async fn send(&self, repo: &Repository, call: &Call) -> Result<Reply> {
        let login = self.logins.of(&self.api, repo).await?;
        self.api.send(call, &Speaker { login: login.as_ref() }).await
    }

    fn call(&self, operation: &'static str, repo: &Repository, method: Method, url: Url) -> Call {
        Call { operation, subject: repo.to_string(), method, url, body: Bytes::new() }
    }

    /// `/api/v2.0/projects/<project>/repositories/<name>/artifacts/<rest>`: a slash in the name is escaped twice.
    fn url(&self, repo: &Repository, rest: &[&str]) -> Result<Url> {
        let Some((project, name)) = repo.path().split_once('/') else {
            return Err(Error::new(ErrorKind::Invalid, "name the artifacts of", repo)
                .with_message("a repository in Harbor has a project and a name")
                .with_remedy("Write HOST/PROJECT/NAME."));
        };
        let mut url = self.api.root();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "v2.0", "projects", project, "repositories"]);
            path.push(&name.replace('/', "%2F")).push("artifacts").extend(rest);
        }
        Ok(url)
    }
}

/// Asks for everything that Harbor leaves out by default.
fn with(mut call: Call, subject: String) -> Call {
    for what in ["with_tag", "with_accessory", "with_immutable_status"] {
        call.url.query_pairs_mut().append_pair(what, "true");
    }
    Call { subject, ..call }
}

fn page(call: &Call, reply: &Reply) -> Result<Vec<Artifact>> {
    call.read::<Vec<Document>>(reply)?.into_iter().map(|document| document.artifact(call)).collect()
}

/// Speaks with these credentials.
struct Speaker<'a> {
    login: Option<&'a Pair>,
}

#[async_trait]
impl Dialect for Speaker<'_> {
    async fn headers(&self, call: &Call) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        api::insert(&mut headers, call, ACCEPT, "application/json")?;
        if let Some(Pair { username, password }) = self.login {
            let pair = BASE64_STANDARD.encode(format!("{username}:{}", password.expose()));
            headers.insert(AUTHORIZATION, api::sensitive(&Secret::new(format!("Basic {pair}")))?);
        }
        Ok(headers)
    }

    fn refusal(&self, call: &Call, status: u16, _headers: &HeaderMap, body: &[u8]) -> Refusal {
        let needs = match call.operation {
            LIST => "list artifact and list tag",
            DELETE => "delete artifact",
            DELETE_TAG => "delete tag",
            _ => "read artifact",
        };
        refusal(needs, self.login.map(|login| login.username.as_str()), status, body)
    }
}

impl fmt::Debug for Artifacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifacts").field("api", &self.api).finish_non_exhaustive()
    }
}
