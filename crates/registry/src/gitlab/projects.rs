//! `Projects`: the requests to GitLab's API ("Container registry API").

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use lockage_tagging::{Host, Repository, Tag};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use serde_json::{Map, Value, json};
use url::Url;

use super::document::{self, Detail, Registered};
use super::refusal::refusal;
use crate::client::api::{self, Api, Call, Dialect, Followed, Refusal, Reply};
use crate::client::{Client, Secret};
use crate::{Error, ErrorKind, Result};

const FIND: &str = "find the project of";
const LIST: &str = "list tags of";
const LOOK: &str = "look at tag";
pub(super) const DELETE: &str = "delete tag";
const DELETE_MATCHING: &str = "delete tags of";

/// What is asked for at once: the most that GitLab gives.
const PAGE: &str = "100";

/// What GitLab's API is shown.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Token {
    /// An access token of a user, a project or a group.
    Access(Secret),
    /// The token of a CI job (`CI_JOB_TOKEN`).
    Job(Secret),
}

/// Where a repository is in GitLab: its project's path, and its own number.
#[derive(Clone, Debug)]
struct Place {
    project: String,
    id: u64,
}

/// What [`Projects::delete_matching`] deletes. Expressions are RE2's, and match whole names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "these are the parameters that GitLab has")]
pub struct Matching {
    /// Tags of these names; never `latest`.
    pub delete: String,
    /// But not those of these names.
    pub keep: Option<String>,
    /// But not the newest of them.
    pub keep_n: Option<u32>,
    /// But not those that are younger: `7d`, `1month`.
    pub older_than: Option<String>,
}

/// GitLab's API, with the token that it is used with. Clones share the limits.
#[derive(Clone)]
pub struct Projects {
    api: Api,
    base: Url,
    token: Token,
    places: Arc<Mutex<HashMap<Repository, Place>>>,
}

impl Projects {
    /// The API of GitLab.com, through the pools and limits of `client`.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub fn new(client: &Client, token: Token) -> Result<Self> {
        let host = "gitlab.com"
            .parse()
            .map_err(|e| Error::new(ErrorKind::Configuration, "use", "gitlab.com").with_source(e))?;
        Self::at(client, &host, "api/v4", token)
    }

    /// The API at another host, under a path: `api/v4`.
    ///
    /// # Errors
    /// [`ErrorKind::UrlRefused`] where the client may not reach the host.
    pub fn at(client: &Client, host: &Host, path: &str, token: Token) -> Result<Self> {
        let api = client.api(host)?;
        let mut base = api.root();
        base.set_path(path);
        Ok(Self { api, base, token, places: Arc::default() })
    }

    /// The names of all tags: one request for 100. The second is false where one came twice, and others may have been missed.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is no such repository, or it is not shown to this token.
    pub async fn tags(&self, repo: &Repository) -> Result<(Vec<Tag>, bool)> {
        let mut url = self.url(&self.place(repo).await?, &["tags"]);
        url.query_pairs_mut().append_pair("per_page", PAGE);
        let mut call = self.call(LIST, repo.to_string(), Method::GET, url);
        let (mut all, mut seen, mut followed) = (Vec::new(), HashSet::new(), Followed::default());
        let mut steady = true;
        loop {
            let reply = self.send(&call).await?;
            for name in document::names(&call, &reply)? {
                match seen.insert(name.clone()) {
                    true => all.push(name),
                    false => steady = false,
                }
            }
            let Some(url) = self.api.next(&call.url, &reply, &mut followed)? else { return Ok((all, steady)) };
            call = Call { url, ..call };
        }
    }

    /// What a tag holds: one request.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is none.
    pub async fn tag(&self, repo: &Repository, tag: &Tag) -> Result<Detail> {
        let url = self.url(&self.place(repo).await?, &["tags", tag.as_ref()]);
        let call = self.call(LOOK, format!("{repo}:{tag}"), Method::GET, url);
        document::detail(&call, &self.send(&call).await?)
    }

    /// Deletes a tag: one request.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is none, [`TagImmutable`](ErrorKind::TagImmutable) where a rule protects it,
    /// [`Denied`](ErrorKind::Denied) where the token may not.
    pub async fn delete(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        let url = self.url(&self.place(repo).await?, &["tags", tag.as_ref()]);
        let call = self.call(DELETE, format!("{repo}:{tag}"), Method::DELETE, url);
        match self.send(&call).await {
            // An attempt before this one did it, and its answer was lost.
            Err(error) if error.is_not_found() && error.attempts() > 1 => Ok(()),
            deleted => deleted.map(drop),
        }
    }

    /// Has GitLab delete tags by their names, later and by itself (202): one request. It takes one an hour for a repository, and
    /// compares nothing: what was moved meanwhile goes as well.
    ///
    /// # Errors
    /// [`Rejected`](ErrorKind::Rejected) where an expression is none, or one is under way.
    pub async fn delete_matching(&self, repo: &Repository, matching: &Matching) -> Result<()> {
        let url = self.url(&self.place(repo).await?, &["tags"]);
        let mut fields = Map::new();
        fields.insert("name_regex_delete".to_owned(), json!(matching.delete));
        if let Some(keep) = &matching.keep {
            fields.insert("name_regex_keep".to_owned(), json!(keep));
        }
        if let Some(keep_n) = matching.keep_n {
            fields.insert("keep_n".to_owned(), json!(keep_n));
        }
        if let Some(older_than) = &matching.older_than {
            fields.insert("older_than".to_owned(), json!(older_than));
        }
        let mut call = self.call(DELETE_MATCHING, repo.to_string(), Method::DELETE, url);
        call.body = Value::Object(fields).to_string().into();
        self.send(&call).await.map(drop)
    }

    /// Where the repository is. A project's path is a beginning of the repository's, and it is not said how long: the longest is
    /// asked for first.
    async fn place(&self, repo: &Repository) -> Result<Place> {
        let known = self.places.lock().unwrap_or_else(PoisonError::into_inner).get(repo).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let parts: Vec<&str> = repo.path().split('/').collect();
        for length in (2..=parts.len()).rev() {
            let project = parts.iter().take(length).copied().collect::<Vec<_>>().join("/");
            match self.find(repo, &project).await {
                Ok(Some(id)) => {
                    let place = Place { project, id };
                    self.places.lock().unwrap_or_else(PoisonError::into_inner).insert(repo.clone(), place.clone());
                    return Ok(place);
                }
                Ok(None) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(ErrorKind::NotFound, FIND, repo)
            .with_message("no project that the token may see has this repository")
            .with_remedy("Write HOST/GROUP/PROJECT[/NAME]; a job's token sees its own project alone."))
    }

    /// The number of a repository among those of a project.
    async fn find(&self, repo: &Repository, project: &str) -> Result<Option<u64>> {
        let mut url = self.path(&["projects", &project.replace('/', "%2F"), "registry", "repositories"]);
        url.query_pairs_mut().append_pair("per_page", PAGE);
        let mut call = self.call(FIND, repo.to_string(), Method::GET, url);
        let mut followed = Followed::default();
        loop {
            let reply = self.send(&call).await?;
            let registered: Vec<Registered> = call.read(&reply)?;
            if let Some(found) = registered.iter().find(|it| it.path == repo.path()) {
                return Ok(Some(found.id));
            }
            let Some(url) = self.api.next(&call.url, &reply, &mut followed)? else { return Ok(None) };
            call = Call { url, ..call };
        }
    }

    fn url(&self, place: &Place, rest: &[&str]) -> Url {
        let (project, id) = (place.project.replace('/', "%2F"), place.id.to_string());
        let start = ["projects", &project, "registry", "repositories", &id];
        self.path(&start.into_iter().chain(rest.iter().copied()).collect::<Vec<_>>())
    }

    /// Under the base; a `%2F` in a part is meant so.
    fn path(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        let path = format!("{}/{}", url.path().trim_end_matches('/'), parts.join("/"));
        url.set_path(&path);
        url
    }

    async fn send(&self, call: &Call) -> Result<Reply> {
        self.api.send(call, self).await
    }

    fn call(&self, operation: &'static str, subject: String, method: Method, url: Url) -> Call {
        Call { operation, subject, method, url, body: Bytes::new() }
    }
}

#[async_trait]
impl Dialect for Projects {
    async fn headers(&self, call: &Call) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        let (name, token) = match &self.token {
            Token::Access(token) => ("private-token", token),
            Token::Job(token) => ("job-token", token),
        };
        headers.insert(HeaderName::from_static(name), api::sensitive(token)?);
        if !call.body.is_empty() {
            api::insert(&mut headers, call, CONTENT_TYPE, "application/json")?;
        }
        Ok(headers)
    }

    fn refusal(&self, call: &Call, status: u16, headers: &HeaderMap, body: &[u8]) -> Refusal {
        refusal(&self.token, call.operation, status, headers, body)
    }
}

impl fmt::Debug for Projects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Projects").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}
