//! The image of a release: the newest that a version or a range admits.

use futures::TryStreamExt as _;
use lockage_tagging::class::{Precision, TagClass};
use lockage_tagging::select::Constraint;
use semver::Version;

use super::{Found, Place, ResolveError, by_tag};
use crate::pipeline::Select;

/// By the tags that are whole versions, with or without a `v`. A prerelease is admitted where the range names one.
pub(super) async fn find(place: Place<'_>, select: &Select, asked: &str) -> Result<Option<Found>, ResolveError> {
    let invalid = |why: String| ResolveError::Version { select: select.clone(), why };
    let constraint: Constraint = asked.parse().map_err(|error| invalid(format!("{error}")))?;
    let mut best: Vec<(Version, lockage_registry::Tag)> = Vec::new();
    let mut tags = place.source.tags(place.repository);
    while let Some(tag) = tags.try_next().await? {
        let class = TagClass::of(&tag);
        let whole = class.precision == Some(Precision::Patch) && class.variant.is_none() && class.component.is_none();
        let version = class.version.as_ref().filter(|_| whole).and_then(|version| version.to_semver());
        let Some(version) = version.filter(|version| constraint.matches(version)) else { continue };
        match best.first() {
            Some((other, _)) if *other > version => {}
            Some((other, _)) if *other == version => best.push((version, tag)),
            _ => best = vec![(version, tag)],
        }
    }
    let mut found: Vec<Found> = Vec::new();
    for (version, tag) in best {
        let one = by_tag(place, &tag).await?.map(|one| Found { version: Some(version.to_string()), ..one });
        // `1.4.0` and `v1.4.0` are two names of one image, or a mistake.
        found.extend(one.filter(|one| found.iter().all(|other| other.digest != one.digest)));
    }
    super::only(place, select, found)
}
