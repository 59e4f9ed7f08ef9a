//! Docker Hub as its documentation says: tokens for an access token, tags with times, and no manifest that can be deleted.
#![allow(dead_code, reason = "each test uses what it needs of this")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use lockage_registry::client::{Client, Credentials, Profile, StaticCredentials};
use lockage_registry::docker_hub::{DockerHub, Tags};
use lockage_registry::{Digest, Host, Repository};
use serde_json::{Value, json};

use crate::mock::{Mock, Reply, Request};
use crate::stand_in::{client, count, digest, image, parameter, pulled, refusal, reply, tag_list};

pub(crate) const USER: &str = "acmebot";
pub(crate) const PAT: &str = "dckr_pat_verysecret";

/// What the stand-in holds, and how it is to behave.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) tags: Vec<Stored>,
    /// What can be pulled: pushed once, it stays until it is collected, which is not now.
    pub(crate) contents: Vec<(Digest, String)>,
    /// How many tokens were given; the last alone is accepted.
    pub(crate) tokens: u32,
    /// Whether the account has a second factor, and this is its password.
    pub(crate) second_factor: bool,
    pub(crate) scripted: VecDeque<(&'static str, Scripted)>,
    /// Changes the state before a request is answered.
    pub(crate) meanwhile: Option<fn(&mut State, &Request)>,
}

pub(crate) struct Scripted {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: &'static str,
    /// Whether the request is carried out all the same, and its answer lost.
    pub(crate) carried_out: bool,
}

#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) name: String,
    /// Not told of some old tags.
    pub(crate) digest: Option<Digest>,
    pub(crate) children: Vec<Digest>,
    pub(crate) pulled: bool,
}

pub(crate) struct TestHub {
    pub(crate) mock: Mock,
    state: Arc<Mutex<State>>,
    pub(crate) repo: Repository,
    pub(crate) hub: DockerHub<Client>,
}

impl State {
    pub(crate) fn push(&mut self, content: &str, tags: &[&str]) -> Digest {
        let digest = digest(content);
        let document: Value = serde_json::from_str(content).unwrap();
        let named = |value: &Value| value["digest"].as_str().unwrap().parse().unwrap();
        let children: Vec<Digest> = document["manifests"].as_array().into_iter().flatten().map(named).collect();
        self.contents.push((digest.clone(), content.to_owned()));
        self.tags.retain(|stored| !tags.contains(&stored.name.as_str()));
        for name in tags {
            let (name, digest) = ((*name).to_owned(), Some(digest.clone()));
            self.tags.push(Stored { name, digest, children: children.clone(), pulled: true });
        }
        digest
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.tags.iter().map(|stored| stored.name.as_str()).collect()
    }

    fn token(&self) -> String {
        format!("jwt-number-{}", self.tokens)
    }

    fn login(&mut self, request: &Request) -> Reply {
        let document: Value = serde_json::from_str(&request.body).unwrap();
        if self.second_factor || document != json!({ "identifier": USER, "secret": PAT }) {
            return reply(401, &json!({ "detail": "Incorrect authentication credentials" }));
        }
        self.tokens += 1;
        reply(200, &json!({ "access_token": self.token() }))
    }

    fn document(&self, stored: &Stored) -> Value {
        let images: Vec<Value> = match stored.children.as_slice() {
            [] => vec![json!({ "architecture": "amd64", "os": "linux", "digest": stored.digest, "size": 4096 })],
            children => children
                .iter()
                .map(|child| {
                    json!({
                        "architecture": "amd64", "os": "linux", "digest": child, "size": 4096, "status": "active",
                        "last_pushed": "2024-05-01T10:00:00.5Z", "last_pulled": null,
                    })
                })
                .collect(),
        };
        let mut document = json!({
            "name": stored.name, "full_size": 8192, "images": images, "tag_status": "active",
            "last_updated": "2024-05-02T10:00:00Z", "tag_last_pushed": "2024-05-02T10:00:00Z",
            "tag_last_pulled": stored.pulled.then_some("2024-05-03T10:00:00Z"),
            "media_type": "application/vnd.oci.image.index.v1+json", "content_type": "image",
        });
        if let Some(digest) = &stored.digest {
            document["digest"] = json!(digest);
        }
        document
    }

    fn api(&mut self, request: &Request, host: &str) -> Reply {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let not_found = json!({ "message": "httperror 404: object not found", "errinfo": {} });
        if request.header("authorization") != Some(&format!("Bearer {}", self.token())) {
            return reply(401, &json!({ "detail": "Error decoding token" }));
        }
        if request.method == "GET" && path == "/v2/namespaces/acme/repositories/app/tags" {
            let parameter = |name| parameter(query, name);
            let size: usize = parameter("page_size").map_or(10, |size| size.parse().unwrap());
            let page: usize = parameter("page").map_or(1, |page| page.parse().unwrap());
            assert!((1..=100).contains(&size));
            let shown: Vec<Value> =
                self.tags.iter().rev().skip((page - 1) * size).take(size).map(|tag| self.document(tag)).collect();
            let more = self.tags.len() > page * size;
            let next = more.then(|| format!("http://{host}{path}?page={}&page_size={size}", page + 1));
            return reply(200, &json!({ "count": self.tags.len(), "next": next, "previous": null, "results": shown }));
        }
        // This path alone deletes, and it ends with a slash.
        let tag = path.strip_prefix("/v2/repositories/acme/app/tags/").and_then(|rest| rest.strip_suffix('/'));
        match tag.and_then(|name| self.tags.iter().position(|stored| stored.name == name)) {
            Some(at) if request.method == "DELETE" => {
                self.tags.remove(at);
                Reply::new(204)
            }
            _ => reply(404, &not_found),
        }
    }

    /// The distribution API, as far as it is read.
    fn registry(&self, request: &Request, path: &str) -> Reply {
        if path.starts_with("tags/list") {
            return tag_list("acme/app", self.names());
        }
        if request.method == "DELETE" {
            return refusal(405, "UNSUPPORTED", "");
        }
        let what = path.strip_prefix("manifests/").unwrap_or_default();
        let tagged = self.tags.iter().find(|stored| stored.name == what).and_then(|stored| stored.digest.clone());
        let what = tagged.map_or_else(|| what.to_owned(), |digest| digest.to_string());
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
        if let Some(path) = request.path.strip_prefix("/v2/acme/app/") {
            return self.registry(request, path);
        }
        if request.path == "/v2/auth/token" {
            return self.login(request);
        }
        match self.scripted.front() {
            Some((method, _)) if request.method == *method => {
                let (_, scripted) = self.scripted.pop_front().unwrap();
                if scripted.carried_out {
                    self.api(request, host);
                }
                let reply = Reply::new(scripted.status).body(scripted.body.as_bytes());
                scripted.headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
            }
            _ => self.api(request, host),
        }
    }
}

impl TestHub {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let mock = Mock::start(move |request, host| shared.lock().unwrap().answer(request, host)).await;
        let host: Host = mock.host().parse().unwrap();
        let login = StaticCredentials::new().with(host.clone(), Credentials::password("the vault", USER, PAT));
        let client = client(&host, Profile::DOCKER_HUB).credentials(login).build().unwrap();
        let tags = Tags::at(&client, &host).unwrap();
        let repo = format!("{host}/acme/app").parse().unwrap();
        Self { mock, state, repo, hub: DockerHub::new(client, tags) }
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
