//! GitHub as its documentation says: a registry that deletes nothing, and the Packages API beside it, over one state.
#![allow(dead_code, reason = "each test uses what it needs of this")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use lockage_registry::client::{Client, Profile, Secret};
use lockage_registry::ghcr::{Ghcr, Owner, Packages};
use lockage_registry::{Digest, Host, Repository};
use serde_json::{Value, json};

use crate::mock::{Mock, Reply, Request};
use crate::stand_in::{client, digest, image, parameter, pulled, refusal, tag_list};

pub(crate) const TOKEN: &str = "ghp_verysecret";

/// What the stand-in holds, and how it is to behave.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) versions: Vec<Version>,
    /// The scopes of a classic token; without, it is another kind of token.
    pub(crate) scopes: Option<&'static str>,
    /// What is answered next to requests of a method, in place of the truth.
    pub(crate) scripted: VecDeque<(&'static str, Scripted)>,
    /// Changes the state before a request is answered.
    pub(crate) meanwhile: Option<fn(&mut State, &Request)>,
    blobs: Vec<String>,
}

pub(crate) struct Scripted {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) message: &'static str,
    /// Whether the request is carried out all the same, and its answer lost.
    pub(crate) carried_out: bool,
}

#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) id: u64,
    pub(crate) digest: Digest,
    pub(crate) content: String,
    pub(crate) tags: Vec<String>,
    pub(crate) downloads: u64,
    pub(crate) deleted: bool,
}

pub(crate) struct GitHub {
    pub(crate) mock: Mock,
    state: Arc<Mutex<State>>,
    pub(crate) repo: Repository,
    pub(crate) ghcr: Ghcr<Client>,
}

impl State {
    pub(crate) fn push(&mut self, content: &str, tags: &[&str]) -> Digest {
        let digest = digest(content);
        for version in &mut self.versions {
            version.tags.retain(|tag| !tags.contains(&tag.as_str()));
        }
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        if let Some(known) = self.versions.iter_mut().find(|version| !version.deleted && version.digest == digest) {
            known.tags.extend(tags);
            return digest;
        }
        let id = 800 + self.versions.len() as u64;
        let version =
            Version { id, digest: digest.clone(), content: content.to_owned(), tags, downloads: 0, deleted: false };
        self.versions.push(version);
        digest
    }

    pub(crate) fn tags_of(&self, digest: &Digest) -> Option<Vec<String>> {
        self.versions
            .iter()
            .find(|version| !version.deleted && version.digest == *digest)
            .map(|version| version.tags.clone())
    }

    pub(crate) fn holder(&self, tag: &str) -> Option<Digest> {
        self.versions
            .iter()
            .find(|version| !version.deleted && version.tags.iter().any(|held| held == tag))
            .map(|v| v.digest.clone())
    }

    fn registry(&mut self, request: &Request, path: &str) -> Reply {
        let error = |status, code| refusal(status, code, "");
        if let Some(what) = path.strip_prefix("manifests/") {
            let found = self.versions.iter().find(|version| {
                !version.deleted && (version.digest.as_str() == what || version.tags.iter().any(|tag| tag == what))
            });
            return match (request.method.as_str(), found) {
                ("DELETE", _) => error(405, "UNSUPPORTED"),
                ("PUT", _) => {
                    let document: Value = serde_json::from_str(&request.body).unwrap();
                    let config = document["config"]["digest"].as_str().unwrap().to_owned();
                    if !self.blobs.contains(&config) {
                        return error(400, "MANIFEST_BLOB_UNKNOWN");
                    }
                    let tags: &[&str] = if what.contains(':') { &[] } else { &[what] };
                    let digest = self.push(&request.body, tags);
                    Reply::new(201).header("Docker-Content-Digest", digest.as_ref())
                }
                (_, found) => pulled(found.map(|version| (&version.digest, &*version.content))),
            };
        }
        if path.starts_with("tags/list") {
            let live = self.versions.iter().filter(|version| !version.deleted);
            return tag_list("acme/tools/app", live.flat_map(|version| &version.tags).map(String::as_str));
        }
        match request.method.as_str() {
            "POST" => Reply::new(202).header("Location", "/v2/acme/tools/app/blobs/uploads/1"),
            "PUT" => {
                self.blobs.push(digest(&request.body).to_string());
                Reply::new(201)
            }
            _ => error(404, "BLOB_UNKNOWN"),
        }
    }

    fn packages(&mut self, request: &Request, path: &str, host: &str) -> Reply {
        let reply = |status: u16, body: Value| {
            let body = if status == 204 { String::new() } else { body.to_string() };
            let reply = Reply::new(status).body(body.as_bytes());
            match self.scopes {
                Some(scopes) => reply.header("X-OAuth-Scopes", scopes),
                None => reply,
            }
        };
        let not_found = json!({ "message": "Not Found", "status": "404" });
        if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            return reply(401, json!({ "message": "Bad credentials" }));
        }
        assert_eq!(request.header("x-github-api-version"), Some("2022-11-28"));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        match path.strip_prefix("/users/") {
            Some("acme") => return reply(200, json!({ "login": "acme", "type": "Organization" })),
            Some("octocat") => return reply(200, json!({ "login": "octocat", "type": "User" })),
            _ => {}
        }
        // A slash in a package's name is part of it.
        let owners = ["/orgs/acme", "/users/octocat"];
        let packages = owners.iter().find_map(|owner| path.strip_prefix(owner));
        let Some(rest) = packages.and_then(|path| path.strip_prefix("/packages/container/tools%2Fapp/versions")) else {
            return reply(404, not_found);
        };
        let has = |scope: &str| self.scopes.is_none_or(|scopes| scopes.split(", ").any(|held| held == scope));
        if !has("read:packages") || request.method == "DELETE" && !has("delete:packages") {
            return reply(if request.method == "DELETE" { 403 } else { 404 }, not_found);
        }
        let parameter = |name| parameter(query, name);
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        let Some(id) = parts.first().map(|id| id.parse::<u64>().unwrap()) else {
            let size: usize = parameter("per_page").map_or(30, |size| size.parse::<usize>().unwrap().min(100));
            let page: usize = parameter("page").map_or(1, |page| page.parse().unwrap());
            let state = parameter("state").unwrap_or("active");
            let listed: Vec<&Version> =
                self.versions.iter().rev().filter(|v| v.deleted == (state == "deleted")).collect();
            let shown: Vec<Value> = listed.iter().skip((page - 1) * size).take(size).map(|v| document(v)).collect();
            let answer = reply(200, json!(shown));
            if listed.len() <= page * size {
                return answer;
            }
            let next = format!("http://{host}{path}?per_page={size}&state={state}&page={}", page + 1);
            return answer.header("Link", &format!(r#"<{next}>; rel="next", <{next}>; rel="last""#));
        };
        let restore = parts.get(1) == Some(&"restore");
        let tagged = self.versions.iter().filter(|version| !version.deleted && !version.tags.is_empty()).count();
        let Some(version) = self.versions.iter_mut().find(|version| version.id == id && version.deleted == restore)
        else {
            return reply(404, not_found);
        };
        match request.method.as_str() {
            "GET" => reply(200, document(version)),
            "POST" => {
                version.deleted = false;
                reply(204, Value::Null)
            }
            "DELETE" if version.downloads > 5000 => reply(
                400,
                json!({ "message": "Publicly visible package versions with more than 5000 downloads cannot be deleted. Contact GitHub support for further assistance." }),
            ),
            "DELETE" if tagged == 1 && !version.tags.is_empty() => reply(
                400,
                json!({ "message": "You cannot delete the last tagged version of a package. You must delete the package instead." }),
            ),
            "DELETE" => {
                version.deleted = true;
                version.tags.clear();
                reply(204, Value::Null)
            }
            _ => reply(404, not_found),
        }
    }

    fn answer(&mut self, request: &Request, host: &str) -> Reply {
        if let Some(meanwhile) = self.meanwhile {
            meanwhile(self, request);
        }
        let repositories = ["/v2/acme/tools/app/", "/v2/octocat/tools/app/"];
        if let Some(path) = repositories.iter().find_map(|repository| request.path.strip_prefix(repository)) {
            return self.registry(request, path);
        }
        let is_account = request.path.starts_with("/users/") && !request.path.contains("/packages/");
        match self.scripted.front() {
            Some((method, _)) if request.method == *method && !is_account => {
                let (_, scripted) = self.scripted.pop_front().unwrap();
                if scripted.carried_out {
                    self.packages(request, &request.path, host);
                }
                let body = match scripted.status {
                    200 => "[]".to_owned(),
                    _ => json!({ "message": scripted.message }).to_string(),
                };
                let reply = Reply::new(scripted.status).body(body.as_bytes());
                scripted.headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
            }
            _ => self.packages(request, &request.path, host),
        }
    }
}

fn document(version: &Version) -> Value {
    json!({
        "id": version.id,
        "name": version.digest.to_string(),
        "url": format!("https://api.github.com/orgs/acme/packages/container/tools%2Fapp/versions/{}", version.id),
        "created_at": "2024-05-01T10:00:00Z",
        "updated_at": "2024-05-02T10:00:00Z",
        "metadata": { "package_type": "container", "container": { "tags": version.tags } },
    })
}

impl GitHub {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let mock = Mock::start(move |request, host| shared.lock().unwrap().answer(request, host)).await;
        let host: Host = mock.host().parse().unwrap();
        let client = client(&host, Profile::GHCR).build().unwrap();
        let packages = Packages::at(&client, &host, "", Owner::Either, Secret::new(TOKEN)).unwrap();
        let repo = format!("{host}/acme/tools/app").parse().unwrap();
        Self { mock, state, repo, ghcr: Ghcr::new(client, packages) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn push(&self, name: &str, tags: &[&str]) -> Digest {
        let mut state = self.state();
        state.blobs.push(digest(name).to_string());
        state.push(&image(name), tags)
    }

    /// How many requests began with this method and path.
    pub(crate) fn count(&self, method: &str, path: &str) -> usize {
        self.mock.requests().iter().filter(|request| request.method == method && request.path.starts_with(path)).count()
    }
}
