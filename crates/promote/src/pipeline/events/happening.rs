//! `Happening`: what is told.

use std::time::SystemTime;

use lockage_registry::{Algorithm, Digest, Repository, Tag, digest_of};
use serde::Serialize;

use crate::ledger::{ImageFacts, rfc3339};
use crate::pipeline::{Name, Passage};

/// Something that happened to an image on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Happening {
    /// What.
    #[serde(flatten)]
    pub what: What,
    /// The image.
    pub image: Name,
    /// Where it goes.
    pub environment: Name,
    /// The repository there.
    pub repository: Repository,
    /// The digest.
    pub digest: Digest,
    /// The edge.
    pub edge: Name,
    /// The tags there.
    pub tags: Vec<Tag>,
    /// What the image is known by.
    pub facts: ImageFacts,
    /// The digest of the plan, or of the set.
    pub plan: Digest,
    /// Who promotes.
    pub actor: String,
    /// When.
    #[serde(with = "rfc3339")]
    pub at: SystemTime,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
#[non_exhaustive]
pub enum What {
    /// A promotion has begun.
    Started,
    /// The image is there.
    Done,
    /// It could not be promoted.
    Failed {
        /// Why.
        why: String,
    },
    /// Gates wait, and none refuses.
    Waiting {
        /// For what.
        why: String,
    },
    /// The image was put back.
    RolledBack {
        /// What was there.
        bad: Option<Digest>,
        /// Why.
        why: String,
    },
}

impl Happening {
    pub(in crate::pipeline) fn of(
        what: What,
        passage: &Passage,
        repository: Repository,
        plan: Digest,
        actor: &str,
        at: SystemTime,
    ) -> Self {
        let tags = passage.pins.iter().chain(&passage.floats).map(|planned| planned.tag.clone()).collect();
        Self {
            what,
            image: passage.pinned.image.clone(),
            environment: passage.to.clone(),
            repository,
            digest: passage.digest().clone(),
            edge: passage.edge.clone(),
            tags,
            facts: passage.pinned.facts.clone(),
            plan,
            actor: actor.to_owned(),
            at,
        }
    }

    /// The name of what happened: `started`, `done`, `failed`, `waiting`, `rolled-back`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.what {
            What::Started => "started",
            What::Done => "done",
            What::Failed { .. } => "failed",
            What::Waiting { .. } => "waiting",
            What::RolledBack { .. } => "rolled-back",
        }
    }

    /// An id by which one who is told twice knows it again.
    #[must_use]
    pub fn id(&self) -> String {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        let digest = digest_of(Algorithm::Sha256, &bytes);
        digest.ok().and_then(|digest| digest.hex().get(..32).map(str::to_owned)).unwrap_or_default()
    }
}
