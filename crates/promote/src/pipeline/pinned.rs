//! `Pinned`: an image that was selected, by digest: the unit of a promotion.

use std::fmt;

use lockage_registry::{Descriptor, Digest, Platform, Repository};
use serde::{Deserialize, Serialize};

use super::{Name, Select};
use crate::ledger::ImageFacts;
use lockage_tagging::OneLine;

/// An image that was selected: from here on it is its digest, and no tag is asked again.
///
/// Only [`resolve`](super::resolve()) makes one, after it has read the whole image: every child of an index is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Pinned {
    /// What it is called.
    pub image: Name,
    /// The environment in which it was found.
    pub environment: Name,
    /// The repository in which it was found.
    pub repository: Repository,
    /// The manifest.
    pub root: Descriptor,
    /// The platforms, one for each image; attestations are none.
    pub platforms: Vec<PinnedPlatform>,
    /// What it is known by.
    #[serde(default)]
    pub facts: ImageFacts,
    /// By what it was selected.
    pub selected: Select,
    /// Where it was found, in words: `tag pr-42`.
    pub found: String,
    /// What people should know who look at the plan: a rebuild, a label that is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One platform of an image, by the digests to which scan reports are bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct PinnedPlatform {
    /// The platform, as the index or the config says.
    pub platform: Platform,
    /// Its manifest.
    pub manifest: Digest,
    /// Its config, which scanners call the image id.
    pub config: Digest,
}

impl Pinned {
    /// The same image as this release, whatever its labels say: a commit that was built before it was tagged. Templates with
    /// `{version}` make tags of it, and the ledger keeps it.
    #[must_use]
    pub fn released_as(mut self, version: impl Into<String>) -> Self {
        self.facts.version = Some(version.into());
        self
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.root.digest
    }
}

impl fmt::Display for Pinned {
    /// `payment-svc sha256:…  commit 2b2e927  PR #42  version 1.4.0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.image, self.root.digest)?;
        if let Some(commit) = &self.facts.commit {
            write!(f, "  commit {}", OneLine(commit.get(..7).unwrap_or(commit)))?;
        }
        if let Some(number) = self.facts.pull_request {
            write!(f, "  PR #{number}")?;
        }
        if let Some(version) = &self.facts.version {
            write!(f, "  version {}", OneLine(version))?;
        }
        Ok(())
    }
}
