//! `Packages`: the requests to the API of GitHub Packages (REST documentation, "Packages").

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use lockage_tagging::{Digest, Host, Repository};
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName};
use url::Url;

use super::Owner;
use super::owner::{Account, Owners};
use super::points::Points;
use super::refusal::refusal;
use super::version::{self, Version};
use crate::client::api::{self, Api, Call, Dialect, Refusal, Reply};
use crate::client::{Client, Secret};
use crate::{Error, ErrorKind, Result};

const WHOSE: &str = "look at the account";
const LIST: &str = "list versions of";
const LOOK: &str = "look at a version of";
const DELETE: &str = "delete a version of";
const RESTORE: &str = "restore a version of";

/// What versions are asked for at once: the most that GitHub gives.
const PAGE: &str = "100";

/// The API of GitHub Packages, with the token that it is used with. Clones share the limits.
#[derive(Clone)]
pub struct Packages {
    api: Api,
    base: Url,
    owner: Owner,
    owners: Owners,
    token: Secret,
    points: Arc<Points>,
    ids: Arc<Mutex<HashMap<(Repository, Digest), u64>>>,
}

/// A list of versions, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Versions {
    /// The versions.
    pub list: Vec<Version>,
    /// False where the list changed while it was read, page by page: then it may lack some.
    pub steady: bool,
}

impl Packages {
    /// The API at `api.github.com`, through the pools and limits of `client`.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub fn new(client: &Client, owner: Owner, token: Secret) -> Result<Self> {
        let host = "api.github.com"
            .parse()
            .map_err(|e| Error::new(ErrorKind::Configuration, "use", "api.github.com").with_source(e))?;
        Self::at(client, &host, "", owner, token)
    }

    /// The API at another host, under a path: `api/v3` for GitHub Enterprise Server.
    ///
    /// # Errors
    /// [`ErrorKind::UrlRefused`] where the client may not reach the host.
    pub fn at(client: &Client, host: &Host, path: &str, owner: Owner, token: Secret) -> Result<Self> {
        let api = client.api(host)?;
        let mut base = api.root();
        base.set_path(path);
        Ok(Self { api, base, owner, owners: Owners::default(), token, points: Arc::default(), ids: Arc::default() })
    }

    /// All versions that are there: one request for 100 of them, and one more where there are more.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where GitHub shows no such package to this token.
    pub async fn versions(&self, repo: &Repository) -> Result<Versions> {
        let versions = self.all(repo, "active").await?;
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.extend(versions.list.iter().map(|version| ((repo.clone(), version.digest.clone()), version.id)));
        Ok(versions)
    }

    /// The versions that were deleted and can be restored; requests as for [`versions`](Self::versions).
    ///
    /// # Errors
    /// As [`versions`](Self::versions).
    pub async fn deleted(&self, repo: &Repository) -> Result<Versions> {
        self.all(repo, "deleted").await
    }

    /// The newest versions, up to 100: one request.
    ///
    /// # Errors
    /// As [`versions`](Self::versions).
    pub async fn newest(&self, repo: &Repository) -> Result<Vec<Version>> {
        let call = self.call(LIST, repo, Method::GET, self.list_url(repo, "active").await?);
        version::page(&call, &self.send(&call).await?)
    }

    /// The version of a manifest. One request where it was listed before.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is none, and [`Contended`](ErrorKind::Contended) where the list changed
    /// so that this is not sure.
    pub async fn find(&self, repo: &Repository, digest: &Digest) -> Result<Version> {
        let known =
            self.ids.lock().unwrap_or_else(PoisonError::into_inner).get(&(repo.clone(), digest.clone())).copied();
        if let Some(id) = known {
            match self.version(repo, id).await {
                Ok(version) if version.digest == *digest => return Ok(version),
                // It was deleted; it may have been pushed again since, under another id.
                Err(error) if error.is_not_found() => {}
                Ok(_) => {}
                Err(error) => return Err(error),
            }
            self.ids.lock().unwrap_or_else(PoisonError::into_inner).remove(&(repo.clone(), digest.clone()));
        }
        let versions = self.versions(repo).await?;
        let found = versions.list.into_iter().find(|version| version.digest == *digest);
        found.ok_or_else(|| match versions.steady {
            true => Error::new(ErrorKind::NotFound, LOOK, format_args!("{repo}@{digest}")),
            false => Error::new(ErrorKind::Contended, LOOK, format_args!("{repo}@{digest}"))
                .with_message("the list changed while it was read, and it may have been missed"),
        })
    }

    /// One version as it is now: one request.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where GitHub shows no such version to this token.
    pub async fn version(&self, repo: &Repository, id: u64) -> Result<Version> {
        let call = self.call(LOOK, repo, Method::GET, self.url(repo, &[&id.to_string()]).await?);
        version::one(&call, &self.send(&call).await?)
    }

    /// Deletes a version with all its tags: one request; after a 404 one more, since GitHub also says so to who may not.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where it is not there any more, [`Denied`](ErrorKind::Denied) where it is and the token
    /// may not, and [`Rejected`](ErrorKind::Rejected) where a rule of GitHub's keeps it.
    pub async fn delete(&self, repo: &Repository, id: u64) -> Result<()> {
        let call = self.call(DELETE, repo, Method::DELETE, self.url(repo, &[&id.to_string()]).await?);
        let error = match self.send(&call).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is_not_found() => error,
            Err(error) => return Err(error),
        };
        match self.version(repo, id).await {
            // An attempt before this one did it, and its answer was lost.
            Err(gone) if gone.is_not_found() && error.attempts() > 1 => Ok(()),
            Err(gone) if gone.is_not_found() => Err(error),
            Err(other) => Err(other),
            Ok(_) => Err(call
                .error(ErrorKind::Denied)
                .with_message("GitHub says that it is not there, and shows it: the token may not delete it")
                .with_remedy(
                    "Give the token delete:packages, and its user or repository the admin role on the package.",
                )
                .with_source(error)),
        }
    }

    /// Restores a version that was deleted in the last 30 days: one request.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where it cannot be restored any more.
    pub async fn restore(&self, repo: &Repository, id: u64) -> Result<()> {
        let call = self.call(RESTORE, repo, Method::POST, self.url(repo, &[&id.to_string(), "restore"]).await?);
        self.send(&call).await.map(drop)
    }

    /// Every page of the list. What is pushed or deleted meanwhile moves entries from page to page: then the first page is
    /// another one at the end, or an entry comes twice.
    async fn all(&self, repo: &Repository, state: &str) -> Result<Versions> {
        let first = self.call(LIST, repo, Method::GET, self.list_url(repo, state).await?);
        let (mut call, mut followed) = (first.clone(), api::Followed::default());
        let mut versions = Versions { list: Vec::new(), steady: true };
        let (mut seen, mut of_first) = (HashSet::new(), None);
        loop {
            let reply = self.send(&call).await?;
            let page = version::page(&call, &reply)?;
            let next = self.api.next(&call.url, &reply, &mut followed)?;
            if of_first.is_none() && next.is_some() {
                of_first = Some(page.clone());
            }
            for version in page {
                if seen.insert(version.id) {
                    versions.list.push(version);
                } else {
                    versions.steady = false;
                }
            }
            let Some(url) = next else { break };
            call = Call { url, ..call };
        }
        if let Some(of_first) = of_first {
            let again = version::page(&first, &self.send(&first).await?)?;
            versions.steady &= again == of_first;
        }
        Ok(versions)
    }

    async fn send(&self, call: &Call) -> Result<Reply> {
        self.api.send(call, self).await
    }

    fn call(&self, operation: &'static str, repo: &Repository, method: Method, url: Url) -> Call {
        Call { operation, subject: repo.to_string(), method, url, body: Bytes::new() }
    }

    async fn list_url(&self, repo: &Repository, state: &str) -> Result<Url> {
        let mut url = self.url(repo, &[]).await?;
        url.query_pairs_mut().append_pair("per_page", PAGE).append_pair("state", state);
        Ok(url)
    }

    /// `…/packages/container/<name>/versions/<rest>`: a slash in the name is part of it, `%2F`.
    async fn url(&self, repo: &Repository, rest: &[&str]) -> Result<Url> {
        let Some((owner, name)) = repo.path().split_once('/') else {
            return Err(Error::new(ErrorKind::Invalid, "name the package of", repo)
                .with_message("a repository at GitHub has an owner and a name")
                .with_remedy("Write ghcr.io/OWNER/NAME."));
        };
        let whose: &[&str] = match self.owner {
            Owner::Either if self.is_organization(owner).await? => &["orgs", owner],
            Owner::Organization => &["orgs", owner],
            Owner::Either | Owner::User => &["users", owner],
            Owner::Myself => &["user"],
        };
        Ok(self.path(whose.iter().chain(&["packages", "container", name, "versions"]).chain(rest)))
    }

    fn path<'a>(&self, parts: impl Iterator<Item = &'a &'a str>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        url
    }

    async fn is_organization(&self, name: &str) -> Result<bool> {
        if let Some(known) = self.owners.of(name) {
            return Ok(known == Owner::Organization);
        }
        let (subject, url) = (name.to_owned(), self.path(["users", name].iter()));
        let call = Call { operation: WHOSE, subject, method: Method::GET, url, body: Bytes::new() };
        let account: Account = call.read(&self.send(&call).await?)?;
        self.owners.learn(name, account.owner());
        Ok(account.owner() == Owner::Organization)
    }
}

#[async_trait]
impl Dialect for Packages {
    async fn headers(&self, call: &Call) -> Result<HeaderMap> {
        self.points.turn(&call.method).await;
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, api::sensitive(&Secret::new(format!("Bearer {}", self.token.expose())))?);
        api::insert(&mut headers, call, ACCEPT, "application/vnd.github+json")?;
        api::insert(&mut headers, call, HeaderName::from_static("x-github-api-version"), "2022-11-28")?;
        Ok(headers)
    }

    fn refusal(&self, call: &Call, status: u16, headers: &HeaderMap, body: &[u8]) -> Refusal {
        let needs: &[&str] = match call.operation {
            DELETE => &["read:packages", "delete:packages"],
            RESTORE => &["read:packages", "write:packages"],
            // Anyone may look at accounts.
            WHOSE => &[],
            _ => &["read:packages"],
        };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        refusal(needs, status, headers, body, now.as_secs())
    }
}

impl fmt::Debug for Packages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packages")
            .field("base", &self.base.as_str())
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}
