//! ECR as its documentation says: JSON 1.1 at `/`, failures within a success, an image that goes with its last tag.
#![allow(dead_code, reason = "each test uses what it needs of this")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use lockage_registry::client::{Client, Profile, Secret};
use lockage_registry::ecr::{Ecr, Endpoint, Images, Keys};
use lockage_registry::{Digest, Host, Repository};
use serde_json::{Value, json};

use crate::mock::{Mock, Reply, Request};
use crate::stand_in::{client, digest, image, pulled, reply, tag_list};

pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const SESSION: &str = "session-token-of-a-role";
pub(crate) const ACCOUNT: &str = "123456789012";

/// What the stand-in holds, and how it is to behave.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) images: Vec<Image>,
    /// The most images on a page, below what is asked for.
    pub(crate) page: Option<usize>,
    /// What is answered next to requests of an action, in place of the truth.
    pub(crate) scripted: VecDeque<(&'static str, Scripted)>,
    /// Whether requests may leave out whose registry they mean.
    pub(crate) any_account: bool,
    /// Changes the state before an action is carried out.
    pub(crate) meanwhile: Option<fn(&mut State, &str)>,
    /// The images that each batch named.
    pub(crate) batches: Vec<usize>,
}

pub(crate) struct Scripted {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// Whether the request is carried out all the same, and its answer lost.
    pub(crate) carried_out: bool,
}

#[derive(Clone)]
pub(crate) struct Image {
    pub(crate) digest: Digest,
    pub(crate) content: String,
    pub(crate) tags: Vec<String>,
    pub(crate) status: &'static str,
}

const ACTIVE: &str = "ACTIVE";
pub(crate) const ARCHIVED: &str = "ARCHIVED";
pub(crate) const ACTIVATING: &str = "ACTIVATING";

pub(crate) struct Amazon {
    pub(crate) mock: Mock,
    state: Arc<Mutex<State>>,
    pub(crate) repo: Repository,
    pub(crate) ecr: Ecr<Client>,
}

impl State {
    pub(crate) fn push(&mut self, content: &str, tags: &[&str]) -> Digest {
        let digest = digest(content);
        for image in &mut self.images {
            image.tags.retain(|tag| !tags.contains(&tag.as_str()));
        }
        let tags = tags.iter().map(|tag| (*tag).to_owned());
        match self.images.iter_mut().find(|image| image.digest == digest) {
            // That takes it out of the archive at once.
            Some(image) => {
                image.tags.extend(tags);
                image.status = ACTIVE;
            }
            None => {
                let (tags, content) = (tags.collect(), content.to_owned());
                self.images.push(Image { digest: digest.clone(), content, tags, status: ACTIVE });
            }
        }
        digest
    }

    /// What is being taken out of the archive is out.
    pub(crate) fn activate(&mut self) {
        for image in self.images.iter_mut().filter(|image| image.status == ACTIVATING) {
            image.status = ACTIVE;
        }
    }

    pub(crate) fn status_of(&self, digest: &Digest) -> Option<&'static str> {
        self.images.iter().find(|image| image.digest == *digest).map(|image| image.status)
    }

    pub(crate) fn tags_of(&self, digest: &Digest) -> Option<Vec<String>> {
        self.images.iter().find(|image| image.digest == *digest).map(|image| image.tags.clone())
    }

    fn found(&self, id: &Value) -> Option<usize> {
        let digest = id["imageDigest"].as_str();
        let tag = id["imageTag"].as_str();
        self.images.iter().position(|image| match (tag, digest) {
            (Some(tag), _) => image.tags.iter().any(|held| held == tag),
            (None, digest) => digest == Some(image.digest.to_string().as_str()),
        })
    }

    fn describe(&self, body: &Value) -> Result<Value, &'static str> {
        // Only active ones, unless others are asked for.
        let asked_for = body["filter"]["imageStatus"].as_str().unwrap_or(ACTIVE);
        let is_meant = |image: &Image| asked_for == "ANY" || asked_for == image.status;
        if let Some(ids) = body["imageIds"].as_array() {
            let found = ids.iter().map(|id| self.found(id).filter(|at| is_meant(&self.images[*at])));
            let found: Option<Vec<usize>> = found.collect();
            let found = found.ok_or("ImageNotFoundException")?;
            return Ok(json!({ "imageDetails": found.iter().map(|at| detail(&self.images[*at])).collect::<Vec<_>>() }));
        }
        let asked = body["maxResults"].as_u64().unwrap_or(100) as usize;
        assert!(asked <= 1000);
        let from: usize = body["nextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let meant: Vec<&Image> = self.images.iter().filter(|image| is_meant(image)).collect();
        let to = (from + self.page.unwrap_or(asked)).min(meant.len());
        let details: Vec<Value> = meant[from..to].iter().map(|image| detail(image)).collect();
        let next = (to < meant.len()).then(|| to.to_string());
        Ok(json!({ "imageDetails": details, "nextToken": next }))
    }

    /// One id of a batch: what was deleted, or the code of its failure.
    fn delete_one(&mut self, id: &Value) -> Result<Vec<Value>, &'static str> {
        let (digest, tag) = (id["imageDigest"].as_str(), id["imageTag"].as_str());
        if digest.is_none() && tag.is_none() {
            return Err("MissingDigestAndTag");
        }
        let at = self.found(id).ok_or("ImageNotFound")?;
        let held = self.images[at].digest.to_string();
        if tag.is_some() && digest.is_some_and(|digest| digest != held) {
            return Err("ImageTagDoesNotMatchDigest");
        }
        let goes = tag.is_none() || self.images[at].tags.len() == 1;
        let named =
            self.images.iter().any(|image| image.content.contains("\"manifests\"") && image.content.contains(&held));
        if goes && named {
            return Err("ImageReferencedByManifestList");
        }
        match tag {
            Some(tag) => {
                self.images[at].tags.retain(|held| held != tag);
                if goes {
                    self.images.remove(at);
                }
                Ok(vec![json!({ "imageDigest": held, "imageTag": tag })])
            }
            None => {
                let image = self.images.remove(at);
                let tags = image.tags.iter().map(|tag| json!({ "imageDigest": held, "imageTag": tag }));
                Ok(if image.tags.is_empty() { vec![json!({ "imageDigest": held })] } else { tags.collect() })
            }
        }
    }

    fn delete(&mut self, body: &Value) -> Result<Value, &'static str> {
        let ids = body["imageIds"].as_array().unwrap();
        self.batches.push(ids.len());
        if ids.is_empty() || ids.len() > 100 {
            return Err("InvalidParameterException");
        }
        let (mut gone, mut failures) = (Vec::new(), Vec::new());
        for id in ids {
            match self.delete_one(id) {
                Ok(mut deleted) => gone.append(&mut deleted),
                Err(code) => failures.push(json!({ "imageId": id, "failureCode": code, "failureReason": "words" })),
            }
        }
        Ok(json!({ "imageIds": gone, "failures": failures }))
    }

    /// An image that an index names goes to the archive after it. That of an image which is there already nothing is said is
    /// taken for the worst: a refusal.
    fn store(&mut self, body: &Value) -> Result<Value, &'static str> {
        let at = self.found(&body["imageId"]).ok_or("ImageNotFoundException")?;
        let held = self.images[at].digest.to_string();
        let names = |image: &Image| image.content.contains("\"manifests\"") && image.content.contains(&held);
        let named = self.images.iter().any(|image| image.status != ARCHIVED && names(image));
        let image = &mut self.images[at];
        // Taking it out takes a while.
        image.status = match (body["targetStorageClass"].as_str().unwrap(), image.status) {
            ("ARCHIVE", ACTIVE) if !named => ARCHIVED,
            ("STANDARD", ARCHIVED) => ACTIVATING,
            ("ARCHIVE" | "STANDARD", _) => return Err("ImageStorageClassUpdateNotSupportedException"),
            _ => return Err("InvalidParameterException"),
        };
        Ok(json!({ "imageId": body["imageId"], "imageStatus": image.status }))
    }

    fn carry_out(&mut self, action: &str, body: &Value) -> Reply {
        let done = match (body["repositoryName"].as_str(), action) {
            (Some("team/app"), "DescribeImages") => self.describe(body),
            (Some("team/app"), "BatchDeleteImage") => self.delete(body),
            (Some("team/app"), "UpdateImageStorageClass") => self.store(body),
            _ => Err("RepositoryNotFoundException"),
        };
        match done {
            Ok(body) => reply(200, &body),
            Err(code) => refused(400, &json!({ "__type": code, "message": "words" })),
        }
    }

    /// The distribution API, as far as it is read.
    fn registry(&self, path: &str) -> Reply {
        if path.starts_with("tags/list") {
            return tag_list("team/app", self.images.iter().flat_map(|image| &image.tags).map(String::as_str));
        }
        let what = path.strip_prefix("manifests/").unwrap_or_default();
        let named = |image: &&Image| image.digest.as_str() == what || image.tags.iter().any(|tag| tag == what);
        // What is archived cannot be pulled.
        let found = self.images.iter().filter(|image| image.status == ACTIVE).find(named);
        pulled(found.map(|image| (&image.digest, &*image.content)))
    }

    fn answer(&mut self, request: &Request) -> Reply {
        if let Some(path) = request.path.strip_prefix("/v2/team/app/") {
            return self.registry(path);
        }
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/"));
        assert_eq!(request.header("content-type"), Some("application/x-amz-json-1.1"));
        let signed = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=";
        let authorization = request.header("authorization").unwrap();
        let date = request.header("x-amz-date").unwrap();
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{}/eu-west-1/ecr/aws4_request, {signed}", &date[..8]);
        assert!(authorization.starts_with(&scope), "{authorization}");
        assert_eq!(request.header("x-amz-security-token"), Some(SESSION));
        let target = request.header("x-amz-target").unwrap();
        let action = target.strip_prefix("AmazonEC2ContainerRegistry_V20150921.").unwrap();
        let body: Value = serde_json::from_str(&request.body).unwrap();
        assert!(body["registryId"] == ACCOUNT || self.any_account && body["registryId"].is_null());
        if let Some(meanwhile) = self.meanwhile {
            meanwhile(self, action);
        }
        match self.scripted.front() {
            Some((of, _)) if *of == action => {
                let (_, scripted) = self.scripted.pop_front().unwrap();
                if scripted.carried_out {
                    self.carry_out(action, &body);
                }
                refused(scripted.status, &scripted.body)
            }
            _ => self.carry_out(action, &body),
        }
    }
}

fn refused(status: u16, body: &Value) -> Reply {
    Reply::new(status).header("Content-Type", "application/x-amz-json-1.1").body(body.to_string().as_bytes())
}

fn detail(image: &Image) -> Value {
    let document: Value = serde_json::from_str(&image.content).unwrap();
    let mut detail = json!({
        "registryId": ACCOUNT,
        "repositoryName": "team/app",
        "imageDigest": image.digest.to_string(),
        "imageSizeInBytes": 4096,
        "imagePushedAt": 1_714_557_600.25,
        "imageManifestMediaType": document["mediaType"],
        "imageStatus": image.status,
    });
    let fields = detail.as_object_mut().unwrap();
    // Images without tags and those that were never pulled lack these.
    if !image.tags.is_empty() {
        fields.insert("imageTags".to_owned(), json!(image.tags));
        fields.insert("lastRecordedPullTime".to_owned(), json!(1_714_644_000));
    }
    if let Some(config) = document["config"]["mediaType"].as_str() {
        fields.insert("artifactMediaType".to_owned(), document["artifactType"].as_str().unwrap_or(config).into());
    }
    detail
}

impl Amazon {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let mock = Mock::start(move |request, _| shared.lock().unwrap().answer(request)).await;
        let host: Host = mock.host().parse().unwrap();
        let client = client(&host, Profile::ECR).build().unwrap();
        let keys = Keys::new("AKIDEXAMPLE", Secret::new(SECRET)).with_session(Secret::new(SESSION));
        let endpoint = Endpoint::new(host.clone(), "eu-west-1").with_account(ACCOUNT);
        let images = Images::new(&client, endpoint, keys).unwrap();
        let repo = format!("{host}/team/app").parse().unwrap();
        Self { mock, state, repo, ecr: Ecr::new(client, images) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn push(&self, name: &str, tags: &[&str]) -> Digest {
        self.state().push(&image(name), tags)
    }

    /// How many requests were for this.
    pub(crate) fn count(&self, action: &str) -> usize {
        let of = |request: &Request| request.header("x-amz-target").unwrap_or(&request.path).contains(action);
        self.mock.requests().iter().filter(|request| of(request)).count()
    }
}
