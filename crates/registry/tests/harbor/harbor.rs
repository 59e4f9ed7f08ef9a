//! Harbor as its documentation says: artifacts with tags and accessories, children that no list shows, rules of immutability.
#![allow(dead_code, reason = "each test uses what it needs of this")]

use std::sync::{Arc, Mutex, MutexGuard};

use lockage_registry::client::{Client, Credentials, Profile, StaticCredentials};
use lockage_registry::harbor::{Artifacts, Harbor};
use lockage_registry::{Digest, Host, Repository};
use serde_json::{Value, json};

use crate::mock::{Mock, Reply, Request};
use crate::stand_in::{INDEX, MANIFEST, client, digest, image, parameter, pulled, refusal as error, reply, tag_list};

pub(crate) const ROBOT: &str = "robot$team+cleaner";
pub(crate) const SECRET: &str = "a-robots-secret";
/// Of `robot$team+cleaner:a-robots-secret`.
const BASIC: &str = "Basic cm9ib3QkdGVhbStjbGVhbmVyOmEtcm9ib3RzLXNlY3JldA==";

/// What the stand-in holds, and how it is to behave.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) artifacts: Vec<Stored>,
    /// What the robot may not do: `DELETE`.
    pub(crate) forbidden: Option<&'static str>,
    /// The status and body of the next answer to a request of a method, and whether it is carried out all the same.
    pub(crate) scripted: Option<(&'static str, u16, &'static str, bool)>,
    /// Changes the state before a request is answered.
    pub(crate) meanwhile: Option<fn(&mut State, &Request)>,
}

#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) digest: Digest,
    pub(crate) content: String,
    /// Names, and whether a rule makes them immutable.
    pub(crate) tags: Vec<(String, bool)>,
    pub(crate) children: Vec<Digest>,
    pub(crate) subject: Option<Digest>,
}

pub(crate) struct TestHarbor {
    pub(crate) mock: Mock,
    state: Arc<Mutex<State>>,
    pub(crate) repo: Repository,
    pub(crate) harbor: Harbor<Client>,
}

impl State {
    pub(crate) fn push(&mut self, content: &str, tags: &[&str]) -> Digest {
        let digest = digest(content);
        for stored in &mut self.artifacts {
            stored.tags.retain(|(tag, _)| !tags.contains(&tag.as_str()));
        }
        let tags = tags.iter().map(|tag| ((*tag).to_owned(), false));
        if let Some(known) = self.artifacts.iter_mut().find(|stored| stored.digest == digest) {
            known.tags.extend(tags);
            return digest;
        }
        let document: Value = serde_json::from_str(content).unwrap();
        let named = |value: &Value| value["digest"].as_str().map(|digest| digest.parse().unwrap());
        let children = document["manifests"].as_array().into_iter().flatten().filter_map(named).collect();
        let subject = named(&document["subject"]);
        let (content, tags) = (content.to_owned(), tags.collect());
        self.artifacts.push(Stored { digest: digest.clone(), content, tags, children, subject });
        digest
    }

    pub(crate) fn tags_of(&self, digest: &Digest) -> Option<Vec<&str>> {
        let stored = self.artifacts.iter().find(|stored| stored.digest == *digest)?;
        Some(stored.tags.iter().map(|(tag, _)| tag.as_str()).collect())
    }

    pub(crate) fn freeze(&mut self, name: &str) {
        let tags = self.artifacts.iter_mut().flat_map(|stored| &mut stored.tags);
        tags.filter(|(tag, _)| tag == name).for_each(|(_, immutable)| *immutable = true);
    }

    fn find(&self, what: &str) -> Option<usize> {
        let named = |stored: &Stored| stored.digest.as_str() == what || stored.tags.iter().any(|(tag, _)| tag == what);
        self.artifacts.iter().position(named)
    }

    fn is_named(&self, digest: &Digest) -> bool {
        self.artifacts.iter().any(|stored| stored.children.contains(digest))
    }

    fn document(&self, stored: &Stored, query: &str) -> Value {
        let asked = |what: &str| query.split('&').any(|pair| pair == format!("{what}=true"));
        let tags: Vec<Value> = stored
            .tags
            .iter()
            .map(|(name, immutable)| {
                json!({
                    "name": name, "push_time": "2024-05-02T10:00:00.000Z", "pull_time": "0001-01-01T00:00:00.000Z",
                    "immutable": *immutable && asked("with_immutable_status"),
                })
            })
            .collect();
        let accessories: Vec<Value> = self
            .artifacts
            .iter()
            .filter(|other| other.subject.as_ref() == Some(&stored.digest))
            .map(|other| json!({ "digest": other.digest, "type": "signature.cosign", "size": 10 }))
            .collect();
        let references: Vec<Value> = stored.children.iter().map(|child| json!({ "child_digest": child })).collect();
        let or_null = |all: Vec<Value>| if all.is_empty() { Value::Null } else { json!(all) };
        let media_type = if stored.children.is_empty() { MANIFEST } else { INDEX };
        json!({
            "digest": stored.digest, "type": "IMAGE", "manifest_media_type": media_type, "size": 4096,
            "media_type": "application/vnd.oci.image.config.v1+json",
            "push_time": "2024-05-01T10:00:00.000Z", "pull_time": "2024-05-03T10:00:00.000Z",
            "references": or_null(references),
            "tags": if asked("with_tag") { or_null(tags) } else { Value::Null },
            "accessories": if asked("with_accessory") { or_null(accessories) } else { Value::Null },
        })
    }

    fn list(&self, path: &str, query: &str) -> Reply {
        let parameter = |name| parameter(query, name);
        let size: usize = parameter("page_size").map_or(10, |size| size.parse().unwrap());
        let page: usize = parameter("page").map_or(1, |page| page.parse().unwrap());
        assert!((1..=100).contains(&size));
        let listed: Vec<&Stored> = self
            .artifacts
            .iter()
            .rev()
            .filter(|stored| !stored.tags.is_empty() || !self.is_named(&stored.digest))
            .collect();
        // Accessories go after the page was cut, so that it may be short.
        let cut = listed.iter().skip((page - 1) * size).take(size).filter(|stored| stored.subject.is_none());
        let shown: Vec<Value> = cut.map(|stored| self.document(stored, query)).collect();
        let reply = reply(200, &json!(shown)).header("X-Total-Count", &listed.len().to_string());
        if listed.len() <= page * size {
            return reply;
        }
        let rest: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("page=")).collect();
        reply.header("Link", &format!("<{path}?page={}&{}>; rel=\"next\"", page + 1, rest.join("&")))
    }

    /// An artifact goes with its accessories, and with the children that nothing else needs.
    fn remove(&mut self, digest: &Digest) {
        let Some(at) = self.artifacts.iter().position(|stored| stored.digest == *digest) else { return };
        let gone = self.artifacts.remove(at);
        let attached = self.artifacts.iter().filter(|other| other.subject.as_ref() == Some(digest));
        let attached: Vec<Digest> = attached.map(|other| other.digest.clone()).collect();
        attached.iter().for_each(|digest| self.remove(digest));
        for child in gone.children {
            let tagged = self.tags_of(&child).is_some_and(|tags| !tags.is_empty());
            if !tagged && !self.is_named(&child) {
                self.remove(&child);
            }
        }
    }

    fn api(&mut self, request: &Request) -> Reply {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        match request.header("authorization") {
            Some(BASIC) => {}
            shown => return error(401, "UNAUTHORIZED", &format!("unauthorized: {}", shown.unwrap_or("nobody"))),
        }
        if self.forbidden == Some(request.method.as_str()) {
            return error(403, "FORBIDDEN", "forbidden: no permission");
        }
        // A slash in a repository's name is escaped twice.
        let Some(rest) = path.strip_prefix("/api/v2.0/projects/team/repositories/tools%252Fapp/artifacts") else {
            return error(404, "NOT_FOUND", "repository not found");
        };
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        let Some(what) = parts.first() else { return self.list(path, query) };
        let Some(at) = self.find(what) else {
            return error(404, "NOT_FOUND", &format!("artifact team/tools/app:{what} not found"));
        };
        let stored = self.artifacts[at].clone();
        match (request.method.as_str(), &parts[1..]) {
            ("GET", []) => reply(200, &self.document(&stored, query)),
            ("DELETE", []) if stored.tags.iter().any(|(_, immutable)| *immutable) => {
                error(412, "PRECONDITION", "the artifact configured as immutable, cannot be deleted")
            }
            ("DELETE", []) if self.is_named(&stored.digest) => {
                error(412, "PRECONDITION", "the deleting artifact is referenced by others")
            }
            ("DELETE", []) => {
                self.remove(&stored.digest);
                Reply::new(200)
            }
            ("DELETE", ["tags", tag]) => match stored.tags.iter().position(|(name, _)| name == tag) {
                None => error(404, "NOT_FOUND", &format!("tag {tag} attached to artifact {what} not found")),
                Some(found) if stored.tags[found].1 => {
                    error(412, "PRECONDITION", &format!("the tag {tag} configured as immutable, cannot be deleted"))
                }
                Some(found) => {
                    self.artifacts[at].tags.remove(found);
                    Reply::new(200)
                }
            },
            _ => error(404, "NOT_FOUND", "path not found"),
        }
    }

    /// The distribution API, as far as it is read.
    fn registry(&self, path: &str) -> Reply {
        if path.starts_with("tags/list") {
            let tags = self.artifacts.iter().flat_map(|stored| stored.tags.iter().map(|(tag, _)| tag.as_str()));
            return tag_list("team/tools/app", tags);
        }
        let found = self.find(path.strip_prefix("manifests/").unwrap_or_default()).map(|at| &self.artifacts[at]);
        pulled(found.map(|stored| (&stored.digest, &*stored.content)))
    }

    pub(crate) fn answer(&mut self, request: &Request) -> Reply {
        if let Some(meanwhile) = self.meanwhile {
            meanwhile(self, request);
        }
        if let Some(path) = request.path.strip_prefix("/v2/team/tools/app/") {
            return self.registry(path);
        }
        match self.scripted.take_if(|(method, ..)| *method == request.method) {
            Some((_, status, body, carried_out)) => {
                if carried_out {
                    self.api(request);
                }
                Reply::new(status).body(body.as_bytes())
            }
            None => self.api(request),
        }
    }
}

impl TestHarbor {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let mock = Mock::start(move |request, _| shared.lock().unwrap().answer(request)).await;
        let host: Host = mock.host().parse().unwrap();
        let robot = StaticCredentials::new().with(host.clone(), Credentials::password("the vault", ROBOT, SECRET));
        let client = client(&host, Profile::HARBOR).credentials(robot).build().unwrap();
        let artifacts = Artifacts::new(&client, &host).unwrap();
        let repo = format!("{host}/team/tools/app").parse().unwrap();
        Self { mock, state, repo, harbor: Harbor::new(client, artifacts) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn push(&self, name: &str, tags: &[&str]) -> Digest {
        self.state().push(&image(name), tags)
    }

    /// How many requests to the API have this in their paths.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        let of = |request: &&Request| {
            request.method == method && request.path.starts_with("/api") && request.path.contains(part)
        };
        self.mock.requests().iter().filter(of).count()
    }
}
