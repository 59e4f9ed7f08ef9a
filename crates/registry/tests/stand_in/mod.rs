//! What stand-ins of registries have in common: images that are told apart by a name, and answers as the distribution API
//! gives them.
#![allow(dead_code, reason = "each test uses what it needs of this")]

use std::time::Duration;

use lockage_registry::client::{Client, ClientBuilder, Profile};
use lockage_registry::{Algorithm, Digest, Host, RetryPolicy, digest_of};
use serde_json::{Value, json};

use crate::mock::{Mock, Reply};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

pub(crate) fn digest(content: &str) -> Digest {
    digest_of(Algorithm::Sha256, content.as_bytes()).unwrap()
}

/// An image that differs from others by its name.
pub(crate) fn image(name: &str) -> String {
    manifest(name, CONFIG).to_string()
}

/// A signature, say, of this image.
pub(crate) fn attached(name: &str, subject: &Digest) -> String {
    let mut manifest = manifest(name, "application/vnd.oci.empty.v1+json");
    manifest["artifactType"] = "application/vnd.example.signature".into();
    manifest["subject"] = json!({ "mediaType": MANIFEST, "digest": subject, "size": 2 });
    manifest.to_string()
}

/// An index that names these.
pub(crate) fn index(children: &[&Digest]) -> String {
    let entries: Vec<Value> =
        children.iter().map(|digest| json!({ "mediaType": MANIFEST, "digest": digest, "size": 2 })).collect();
    json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }).to_string()
}

fn manifest(name: &str, config: &str) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": { "mediaType": config, "digest": digest(name), "size": 2 },
        "layers": [],
    })
}

pub(crate) fn reply(status: u16, body: &Value) -> Reply {
    Reply::new(status).body(body.to_string().as_bytes())
}

/// A refusal in the words of the distribution API.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Reply {
    reply(status, &json!({ "errors": [{ "code": code, "message": message }] }))
}

/// A manifest that is pulled; where there is none, that.
pub(crate) fn pulled(found: Option<(&Digest, &str)>) -> Reply {
    let Some((digest, content)) = found else { return refusal(404, "MANIFEST_UNKNOWN", "") };
    let document: Value = serde_json::from_str(content).unwrap();
    Reply::new(200)
        .header("Content-Type", document["mediaType"].as_str().unwrap())
        .header("Docker-Content-Digest", digest.as_ref())
        .body(content.as_bytes())
}

/// All tags on one page.
pub(crate) fn tag_list<'a>(name: &str, tags: impl IntoIterator<Item = &'a str>) -> Reply {
    reply(200, &json!({ "name": name, "tags": tags.into_iter().collect::<Vec<_>>() }))
}

/// A parameter of a query.
pub(crate) fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// A client that does not wait between its tries.
pub(crate) fn client(host: &Host, profile: Profile) -> ClientBuilder {
    let retry = RetryPolicy::default().with_first_delay(Duration::from_millis(1));
    Client::builder().profile(host.clone(), profile).retry(retry)
}

/// How many requests have this method and part in their paths.
pub(crate) fn count(mock: &Mock, method: &str, part: &str) -> usize {
    mock.requests().iter().filter(|request| request.method == method && request.path.contains(part)).count()
}
