//! `Statement`: an in-toto statement about an image and its platforms.

use std::collections::BTreeMap;
use std::time::SystemTime;

use jiff::Timestamp;
use lockage_registry::{Digest, Repository};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::EvidenceError;

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// What is said about what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    pub(super) predicate_type: String,
    pub(super) predicate: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Subject {
    #[serde(default)]
    name: String,
    digest: BTreeMap<String, String>,
}

impl Statement {
    /// Says it of these manifests of a repository.
    pub(super) fn new(repo: &Repository, subjects: &[&Digest], predicate_type: &str, predicate: Value) -> Self {
        let subject = |digest: &&Digest| Subject {
            name: repo.to_string(),
            digest: BTreeMap::from([(digest.algorithm().to_string(), digest.hex().to_owned())]),
        };
        Self {
            kind: STATEMENT_TYPE.to_owned(),
            subject: subjects.iter().map(subject).collect(),
            predicate_type: predicate_type.to_owned(),
            predicate,
        }
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let statement: Self =
            serde_json::from_slice(bytes).map_err(|error| format!("it is no in-toto statement: {error}"))?;
        match statement.kind == STATEMENT_TYPE {
            true => Ok(statement),
            false => Err(format!("it is a {:?}", statement.kind)),
        }
    }

    pub(super) fn bytes(&self) -> Result<Vec<u8>, EvidenceError> {
        serde_json::to_vec(self).map_err(EvidenceError::malformed)
    }

    /// Whether it is about this manifest in this repository.
    pub(super) fn is_about(&self, repo: &Repository, digest: &Digest) -> bool {
        let name = repo.to_string();
        self.subject.iter().any(|subject| {
            let hex = subject.digest.get(&digest.algorithm().to_string());
            subject.name == name && hex.is_some_and(|hex| hex == digest.hex())
        })
    }

    /// The manifests in this repository that it is about.
    pub(super) fn digests(&self, repo: &Repository) -> Vec<Digest> {
        let name = repo.to_string();
        let here = self.subject.iter().filter(|subject| subject.name == name);
        let said = here.flat_map(|subject| subject.digest.iter());
        said.filter_map(|(algorithm, hex)| format!("{algorithm}:{hex}").parse().ok()).collect()
    }
}

/// A time as statements have it: RFC 3339, in UTC.
pub(super) fn time(at: SystemTime) -> Result<String, EvidenceError> {
    Timestamp::try_from(at).map(|at| at.to_string()).map_err(EvidenceError::malformed)
}

pub(super) fn parse_time(text: &str) -> Result<SystemTime, String> {
    text.parse::<Timestamp>().map(SystemTime::from).map_err(|error| format!("{text:?} is no time: {error}"))
}

/// The package URL of an image (purl-spec, type `oci`): `pkg:oci/app@sha256%3A…?repository_url=prod.example/app`.
#[must_use]
pub fn purl(repo: &Repository, digest: &Digest) -> String {
    let path = repo.path();
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    // A port is the one thing in a repository that has to be encoded.
    let url = repo.to_string().replace(':', "%3A");
    format!("pkg:oci/{name}@{}%3A{}?repository_url={url}", digest.algorithm(), digest.hex())
}
