//! `lockage` on a bad day: what runs where, where an image is, how to go back, and what may not move.

pub(crate) mod diff;
pub(crate) mod drift;
pub(crate) mod evidenced;
pub(crate) mod history;
pub(crate) mod orders;
pub(crate) mod recheck;
pub(crate) mod rollback;
pub(crate) mod running;
pub(crate) mod where_is;

use lockage_promote::pipeline::memory::{Wanted, WantedError};
use lockage_promote::pipeline::{Name, PromoteError, Promoter};

use crate::promote::ends;
use crate::report::Failure;

fn wanted(text: &str) -> Result<Wanted, String> {
    text.parse().map_err(|error: WantedError| format!("{error}. {}", error.remedy()))
}

/// Why, which is recorded.
fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is recorded, and has to say something".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// The environments that are asked about: one, or all where images are promoted to.
pub(crate) fn environments(promoter: &Promoter, asked: Option<&Name>) -> Result<Vec<Name>, Failure> {
    let graph = promoter.graph();
    match asked {
        Some(name) => {
            graph.environment(name).map_err(|error| ends::failure(PromoteError::from(error)))?;
            Ok(vec![name.clone()])
        }
        None => {
            let all = graph.environments().map(|environment| environment.name());
            Ok(all.filter(|name| !graph.is_source(name)).cloned().collect())
        }
    }
}
