//! The documents that GitLab answers with, as far as they are used (GitLab's API, "Container registry API").

use std::time::SystemTime;

use jiff::Timestamp;
use lockage_tagging::{Digest, Tag};
use serde::Deserialize;

use crate::client::api::{Call, Reply};
use crate::{ErrorKind, Result};

/// A registry repository of a project.
#[derive(Deserialize)]
pub(super) struct Registered {
    pub(super) id: u64,
    pub(super) path: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// A tag, as GitLab shows it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Detail {
    /// The tag.
    pub name: Tag,
    /// What it holds; `None` where GitLab could not read that.
    pub digest: Option<Digest>,
    /// When the image says that it was made.
    pub created_at: Option<SystemTime>,
    /// Its bytes with its layers.
    pub size: Option<u64>,
}

#[derive(Deserialize)]
struct Document {
    name: String,
    #[serde(deserialize_with = "Option::deserialize")]
    digest: Option<String>,
    created_at: Option<Timestamp>,
    total_size: Option<u64>,
}

/// The names on a page.
pub(super) fn names(call: &Call, reply: &Reply) -> Result<Vec<Tag>> {
    let named: Vec<Named> = call.read(reply)?;
    let parse = |named: Named| {
        named.name.parse().map_err(|e| {
            let message = format_args!("{:?} is no tag", named.name);
            call.error(ErrorKind::Protocol).with_message(message).with_source(e)
        })
    };
    named.into_iter().map(parse).collect()
}

pub(super) fn detail(call: &Call, reply: &Reply) -> Result<Detail> {
    let document: Document = call.read(reply)?;
    let broken = |e| call.error(ErrorKind::Protocol).with_message("a name in the answer is none").with_source(e);
    let digest = document.digest.filter(|digest| !digest.is_empty());
    Ok(Detail {
        name: document.name.parse().map_err(broken)?,
        digest: digest.map(|digest| digest.parse()).transpose().map_err(broken)?,
        created_at: document.created_at.filter(|at| *at > Timestamp::UNIX_EPOCH).map(Into::into),
        size: document.total_size,
    })
}
