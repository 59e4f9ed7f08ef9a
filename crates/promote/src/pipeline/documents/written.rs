//! A document as it is written, whatever marks the places of its pieces.

use std::collections::BTreeMap;

use lockage_tagging::branches::BranchTable;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::LedgerPlace;
use crate::pipeline::{Conventions, Rebuilds};

/// `N`, `E`, `G` and `F` are environments, edges, tables such as gates, and files, each with its place.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Written<N, E, G, F> {
    pub(super) ledger: Option<LedgerPlace>,
    #[serde(default = "BTreeMap::new")]
    pub(super) credentials: BTreeMap<String, F>,
    #[serde(default)]
    pub(super) conventions: WrittenConventions,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, String>,
    #[serde(default = "Vec::new")]
    pub(super) environments: Vec<N>,
    #[serde(default = "Vec::new")]
    pub(super) edges: Vec<E>,
    #[serde(default = "BTreeMap::new")]
    pub(super) gates: BTreeMap<String, G>,
    #[serde(default = "BTreeMap::new")]
    pub(super) steps: BTreeMap<String, G>,
    #[serde(default = "BTreeMap::new")]
    pub(super) signers: BTreeMap<String, G>,
    pub(super) evidence: Option<G>,
    pub(super) lease: Option<G>,
    #[serde(default = "Vec::new")]
    pub(super) events: Vec<G>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct WrittenConventions {
    pull_request: Option<String>,
    commit: Option<String>,
    branches: Option<Branches>,
    rebuilds: Option<WrittenRebuilds>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Branches {
    GitFlow,
    GitVersion,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenRebuilds {
    Refuse,
    Report,
}

impl From<WrittenConventions> for Conventions {
    fn from(written: WrittenConventions) -> Self {
        let mut conventions = Self::default();
        conventions.pull_request = written.pull_request.unwrap_or(conventions.pull_request);
        conventions.commit = written.commit.unwrap_or(conventions.commit);
        match written.branches {
            Some(Branches::GitFlow) => conventions.branches = BranchTable::git_flow(),
            Some(Branches::GitVersion) => conventions.branches = BranchTable::git_version(),
            None => {}
        }
        match written.rebuilds {
            Some(WrittenRebuilds::Refuse) => conventions.rebuilds = Rebuilds::Refuse,
            Some(WrittenRebuilds::Report) => conventions.rebuilds = Rebuilds::Report,
            None => {}
        }
        conventions
    }
}

/// Dates and times of TOML become the texts that they were written as.
pub(super) fn plain(parameters: Map<String, Value>) -> Map<String, Value> {
    parameters.into_iter().map(|(key, value)| (key, plain_value(value))).collect()
}

fn plain_value(value: Value) -> Value {
    match value {
        Value::Array(values) => Value::Array(values.into_iter().map(plain_value).collect()),
        Value::Object(mut object) => match object.remove("$__toml_private_datetime") {
            Some(text) => text,
            None => Value::Object(plain(object)),
        },
        other => other,
    }
}
