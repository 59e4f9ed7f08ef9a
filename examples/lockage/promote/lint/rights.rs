//! Whether the credentials that read an environment could write it.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use lockage_promote::pipeline::documents::Document;
use lockage_promote::pipeline::lint::can_write;
use lockage_promote::pipeline::{Graph, Name};
use lockage_registry::Repository;
use serde::Serialize;

use super::super::ends;
use crate::clients::{self, Reach};
use crate::report::Failure;

/// An environment that can be written by what reads it.
#[derive(Serialize)]
pub(super) struct Writable {
    environment: Name,
    repository: Repository,
    to: Vec<Name>,
}

impl fmt::Display for Writable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to: Vec<_> = self.to.iter().map(Name::as_str).collect();
        let Self { environment, repository, .. } = self;
        write!(
            f,
            "environment {environment}: the credentials that read {repository} can write it; promotions to {} only read there",
            to.join(", ")
        )
    }
}

/// Every environment that something is promoted from, to `to` alone where it is given.
pub(super) async fn probe(
    document: &Document,
    graph: &Graph,
    image: &Name,
    to: Option<&Name>,
    reach: &Reach,
) -> Result<Vec<Writable>, Failure> {
    let failure = |error: lockage_promote::pipeline::GraphError| ends::failure(error.into());
    if let Some(to) = to {
        graph.environment(to).map_err(failure)?;
    }
    let mut found = Vec::new();
    for environment in graph.environments().map(|environment| environment.name()) {
        let leading = graph.leading_out_of(environment).map(|edge| edge.to());
        let leading: Vec<Name> = leading.filter(|leads| to.is_none_or(|to| to == *leads)).cloned().collect();
        if leading.is_empty() {
            continue;
        }
        let own = document.credentials(environment).map(|file| reach.with_credentials(file.to_owned()));
        let registries = clients::registries(own.as_ref().unwrap_or(reach), 1)?;
        let repository = graph.repository(image, environment).map_err(failure)?;
        let nonce = format!("lockage lint {repository} {} {}", std::process::id(), nanos());
        if can_write(&registries, &repository, nonce.as_bytes()).await.map_err(|error| Failure::error(&error))? {
            found.push(Writable { environment: environment.clone(), repository, to: leading });
        }
    }
    Ok(found)
}

fn nanos() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()
}
