//! `DeniedTag`: a tag that holds what somebody has denied: a rollback had to leave it, or somebody made it so.

use std::fmt;
use std::time::SystemTime;

use lockage_registry::{Digest, Tag};
use serde::Serialize;

use super::ago::Since;
use crate::ledger::{Chronicle, Denial};
use crate::pipeline::Name;
use lockage_tagging::OneLine;

/// A tag that holds what somebody has denied, and does not say so by its name: whoever pulls by it gets that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DeniedTag {
    /// The image.
    pub image: Name,
    /// The tag.
    pub tag: Tag,
    /// What it holds.
    pub digest: Digest,
    /// Why that is denied.
    pub denial: Denial,
}

/// Those of `image` in `environment`, by the ledger. Pins are not among them: they stay what they are, and say so by their
/// names.
pub(super) fn denied_tags(chronicle: &Chronicle, image: &Name, environment: &Name) -> Vec<DeniedTag> {
    let floats = chronicle.tags(image, environment).into_iter().filter(|(_, held)| held.floats);
    floats.filter_map(|(tag, held)| DeniedTag::of(chronicle, image, environment, &tag, &held.digest)).collect()
}

impl DeniedTag {
    /// Where somebody has denied what `tag` holds.
    pub(super) fn of(
        chronicle: &Chronicle,
        image: &Name,
        environment: &Name,
        tag: &Tag,
        digest: &Digest,
    ) -> Option<Self> {
        let denial = chronicle.denied(image, environment, digest)?;
        Some(Self { image: image.clone(), tag: tag.clone(), digest: digest.clone(), denial })
    }

    /// In a line, as it is told at a time, by what was found or by the ledger.
    pub(super) fn told(&self, is_found: bool, now: SystemTime) -> impl fmt::Display {
        let holds = if is_found { "holds" } else { "holds by the ledger" };
        let Self { image, tag, digest, denial } = self;
        let (reason, actor) = (OneLine(&denial.reason), OneLine(&denial.actor));
        let (elsewhere, since) = (denial.elsewhere(image), Since(denial.at, now));
        format!("DENIED    {tag} {holds} {}: {reason} ({actor}{elsewhere}, {since})", digest.short())
    }
}
