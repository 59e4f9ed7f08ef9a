//! GitLab as its documentation says: a repository within a project, tags without dates, deletes that come later.
#![allow(dead_code, reason = "each test uses what it needs of this")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use lockage_registry::client::{Client, Profile, Secret};
use lockage_registry::gitlab::{GitLab, Projects, Token};
use lockage_registry::{Digest, Host, Repository};
use serde_json::{Value, json};

use crate::mock::{Mock, Reply, Request};
use crate::stand_in::{client, count, digest, image, parameter, pulled, reply, tag_list};

pub(crate) const ACCESS: &str = "glpat-verysecret";
pub(crate) const JOB: &str = "glcbt-verysecret";

const PROJECT: &str = "/api/v4/projects/acme%2Fapps/registry/repositories";

/// What the stand-in holds, and how it is to behave.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) tags: Vec<(String, Digest)>,
    /// What can be pulled: GitLab collects what has no tag some day.
    pub(crate) contents: Vec<(Digest, String)>,
    /// Tags of these names are protected.
    pub(crate) protected: Vec<&'static str>,
    /// Tags whose images GitLab cannot read.
    pub(crate) broken: Vec<&'static str>,
    /// The tags that a bulk delete will delete.
    pub(crate) later: Option<Value>,
    pub(crate) scripted: VecDeque<(&'static str, u16, &'static str, bool)>,
    /// Changes the state before a request is answered.
    pub(crate) meanwhile: Option<fn(&mut State, &Request)>,
}

pub(crate) struct TestGitLab {
    pub(crate) mock: Mock,
    state: Arc<Mutex<State>>,
    pub(crate) repo: Repository,
    pub(crate) gitlab: GitLab<Client>,
}

fn said(status: u16, message: &str) -> Reply {
    reply(status, &json!({ "message": format!("{status} {message}") }))
}

impl State {
    pub(crate) fn push(&mut self, content: &str, tags: &[&str]) -> Digest {
        let digest = digest(content);
        self.contents.push((digest.clone(), content.to_owned()));
        self.tags.retain(|(name, _)| !tags.contains(&name.as_str()));
        self.tags.extend(tags.iter().map(|name| ((*name).to_owned(), digest.clone())));
        self.tags.sort();
        digest
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.tags.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// By pages; the next one begins after a name.
    fn list(&self, path: &str, query: &str, host: &str) -> Reply {
        let parameter = |name| parameter(query, name);
        let size: usize = parameter("per_page").map_or(20, |size| size.parse::<usize>().unwrap().min(100));
        let last = parameter("last").unwrap_or("");
        let rest: Vec<&(String, Digest)> = self.tags.iter().filter(|(name, _)| name.as_str() > last).collect();
        let shown: Vec<Value> = rest
            .iter()
            .take(size)
            .map(|(name, _)| json!({ "name": name, "path": format!("acme/apps/web/api:{name}"), "location": "" }))
            .collect();
        let answer = reply(200, &json!(shown));
        match rest.get(size.saturating_sub(1)).filter(|_| rest.len() > size) {
            Some((name, _)) => {
                let next = format!("http://{host}{path}?pagination=keyset&per_page={size}&last={name}");
                answer.header("Link", &format!("<{next}>; rel=\"next\""))
            }
            None => answer,
        }
    }

    fn one(&mut self, method: &str, tag: &str) -> Reply {
        let Some(at) = self.tags.iter().position(|(name, _)| name == tag) else {
            return said(404, "Tag Not Found");
        };
        let (name, digest) = self.tags[at].clone();
        if method == "DELETE" {
            if self.protected.contains(&tag) {
                return said(403, "Forbidden - Cannot delete protected tag");
            }
            self.tags.remove(at);
            return Reply::new(200);
        }
        let mut detail = json!({
            "name": name, "path": format!("acme/apps/web/api:{name}"), "location": "", "revision": "e9ed9d87",
            "short_revision": "e9ed9d87", "digest": digest, "created_at": "2024-05-01T10:00:00.000+00:00",
            "total_size": 4096,
        });
        if self.broken.contains(&tag) {
            for field in ["revision", "short_revision", "digest", "created_at", "total_size"] {
                detail[field] = Value::Null;
            }
        }
        reply(200, &detail)
    }

    fn api(&mut self, request: &Request, host: &str) -> Reply {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        if request.header("private-token") != Some(ACCESS) && request.header("job-token") != Some(JOB) {
            return said(401, "Unauthorized");
        }
        let Some(rest) = path.strip_prefix(PROJECT) else { return said(404, "Project Not Found") };
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", []) if query.contains("page=2") => {
                reply(200, &json!([{ "id": 7, "name": "web/api", "path": "acme/apps/web/api", "project_id": 3 }]))
            }
            ("GET", []) => reply(200, &json!([{ "id": 6, "name": "", "path": "acme/apps", "project_id": 3 }]))
                .header("Link", &format!("<http://{host}{path}?page=2>; rel=\"next\"")),
            ("GET", ["7", "tags"]) => self.list(path, query, host),
            ("DELETE", ["7", "tags"]) => {
                let document: Value = serde_json::from_str(&request.body).unwrap();
                if document["name_regex_delete"].as_str().is_none_or(|regex| regex.contains("((")) {
                    return reply(400, &json!({ "error": "name_regex_delete is an invalid regexp" }));
                }
                if self.later.is_some() {
                    return said(
                        400,
                        "This request has already been made. You can run this at most once an hour for a given container repository",
                    );
                }
                self.later = Some(document);
                reply(202, &json!(202))
            }
            (method, ["7", "tags", tag]) => self.one(method, tag),
            _ => said(404, "Not Found"),
        }
    }

    /// The distribution API, as far as it is read; GitLab's has no referrers.
    fn registry(&self, path: &str) -> Reply {
        if path.starts_with("tags/list") {
            return tag_list("acme/apps/web/api", self.names());
        }
        let what = path.strip_prefix("manifests/").unwrap_or_default();
        let tagged = self.tags.iter().find(|(name, _)| name == what).map(|(_, digest)| digest.to_string());
        let what = tagged.unwrap_or_else(|| what.to_owned());
        pulled(
            self.contents
                .iter()
                .map(|(digest, content)| (digest, &**content))
                .find(|(digest, _)| digest.as_str() == what),
        )
    }

    pub(crate) fn answer(&mut self, request: &Request, host: &str) -> Reply {
        if let Some(meanwhile) = self.meanwhile {
            meanwhile(self, request);
        }
        if let Some(path) = request.path.strip_prefix("/v2/acme/apps/web/api/") {
            return self.registry(path);
        }
        match self.scripted.front() {
            Some((method, ..)) if request.method == *method => {
                let (_, status, body, carried_out) = self.scripted.pop_front().unwrap();
                if carried_out {
                    self.api(request, host);
                }
                let answer = Reply::new(status).body(body.as_bytes());
                if status == 429 { answer.header("Retry-After", "0") } else { answer }
            }
            _ => self.api(request, host),
        }
    }
}

impl TestGitLab {
    pub(crate) async fn start() -> Self {
        Self::start_with(Token::Access(Secret::new(ACCESS))).await
    }

    pub(crate) async fn start_with(token: Token) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let mock = Mock::start(move |request, host| shared.lock().unwrap().answer(request, host)).await;
        let host: Host = mock.host().parse().unwrap();
        let client = client(&host, Profile::GITLAB).build().unwrap();
        let projects = Projects::at(&client, &host, "api/v4", token).unwrap();
        let repo = format!("{host}/acme/apps/web/api").parse().unwrap();
        Self { mock, state, repo, gitlab: GitLab::new(client, projects) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn push(&self, name: &str, tags: &[&str]) -> Digest {
        self.state().push(&image(name), tags)
    }

    /// How many requests have this method and part in their paths.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        count(&self.mock, method, part)
    }
}
