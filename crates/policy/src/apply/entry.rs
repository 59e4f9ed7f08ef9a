//! A line of the journal: what was done to what, under which plan, and how it ended.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lockage_registry::{Digest, Error, ErrorKind, NameError, RawManifest};
use serde::{Deserialize, Serialize};

/// What a line of the journal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// A plan condemned it for the first time.
    Sighted,
    /// A later plan no longer condemned it, or not with the same tags.
    Released,
    /// It is about to be deleted.
    Begun,
    /// It is gone, by this plan.
    Done,
    /// It is about to be archived.
    Archiving,
    /// It is in the archive, by this plan.
    Archived,
    /// It was gone already.
    Gone,
    /// The registry took the request, and what came of it is still to be seen.
    Pending,
    /// It was left alone, or could not be deleted or archived.
    Left,
    /// It was put back; what was archived may take a while yet until it can be pulled.
    Restored,
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    /// When.
    pub time: Timestamp,
    /// The id of the plan.
    pub plan: String,
    /// The moment that the plan is for.
    pub planned: Timestamp,
    /// The hash of the policy.
    pub policy: String,
    /// The rule, where one decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The repository.
    pub repository: String,
    /// The tag, where it is about one; else it is about a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The digest.
    pub digest: String,
    /// The tags that the manifest had.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags_before: BTreeSet<String>,
    /// How it ended.
    pub status: Status,
    /// Why, where it did not end well, or not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The registry's own id of the request that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The manifest, so that it can be put back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<Stored>,
}

impl Entry {
    /// The tag or the manifest that it is about, whatever the plan.
    pub(super) fn key(&self) -> (String, Option<String>, String) {
        (self.repository.clone(), self.tag.clone(), self.digest.clone())
    }
}

/// A manifest as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Stored {
    /// Its digest.
    pub digest: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes, which are JSON and so are text.
    pub text: String,
}

impl Stored {
    /// A manifest; nothing where its bytes are no text.
    #[must_use]
    pub fn of(manifest: &RawManifest) -> Option<Self> {
        let text = std::str::from_utf8(manifest.bytes()).ok()?.to_owned();
        Some(Self { digest: manifest.digest().to_string(), media_type: manifest.media_type().to_owned(), text })
    }

    /// The manifest, its digest checked.
    ///
    /// # Errors
    /// Where the journal was changed.
    pub fn manifest(&self) -> lockage_registry::Result<RawManifest> {
        let digest: Digest = self.digest.parse().map_err(|error: NameError| {
            Error::new(ErrorKind::Invalid, "read journal", &self.digest).with_source(error)
        })?;
        RawManifest::verified(&*self.media_type, self.text.clone().into(), &digest)
    }
}
