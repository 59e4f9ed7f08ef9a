//! What a promotion leaves that stopped before the ledger said that it begins: the pins of an image that never came.

use lockage_registry::{Digest, Tag, TagOrDigest};

use crate::ledger::ImageFacts;
use crate::pipeline::memory::known;
use crate::pipeline::promoter::plan::build_facts;
use crate::pipeline::resolve::{Place, facts_of};
use crate::pipeline::{Environment, Name, Promoter};

/// The environment that the image would come from, if `tag` is one that it is given where it is, once and for good. It is a
/// deviation all the same; so what cannot be read, or be asked there, is not told apart.
pub(super) async fn pin_only(promoter: &Promoter, place: Place<'_>, tag: &Tag, digest: &Digest) -> Option<Name> {
    let environment = promoter.graph.environment(place.environment).ok()?;
    if environment.pins().is_empty() {
        return None;
    }
    let of_ledger = known(place.chronicle, place.image, place.environment, digest);
    let of_image = facts_of(place, digest).await.ok()?;
    let facts = ImageFacts {
        commit: of_ledger.commit.or(of_image.commit),
        version: of_ledger.version.or(of_image.version),
        ..of_ledger
    };
    if !is_pin(environment, &facts, tag) {
        return None;
    }
    for edge in promoter.graph.leading_into(place.environment) {
        if is_in(promoter, place, edge.from(), digest).await {
            return Some(edge.from().clone());
        }
    }
    None
}

/// Whether the environment creates this tag for an image of which this is known; or that somebody calls a release, or of a pull
/// request, as the tag does.
fn is_pin(environment: &Environment, facts: &ImageFacts, tag: &Tag) -> bool {
    let release = ImageFacts { version: Some(tag.to_string()), ..facts.clone() };
    let number = tag.as_str().rsplit(|one: char| !one.is_ascii_digit()).next().and_then(|number| number.parse().ok());
    let of_number = ImageFacts { version: None, pull_request: number, ..facts.clone() };
    [facts, &release, &of_number].into_iter().any(|facts| {
        let facts = build_facts(facts);
        environment.pins().iter().any(|pin| pin.tags(&facts).is_ok_and(|made| made.contains(tag)))
    })
}

/// Whether an environment has the image: by the ledger, or because it is in its repository, which is another.
async fn is_in(promoter: &Promoter, place: Place<'_>, environment: &Name, digest: &Digest) -> bool {
    if place.chronicle.was_in(place.image, environment, digest) {
        return true;
    }
    let (Ok(repository), Ok(source)) =
        (promoter.graph.repository(place.image, environment), promoter.source(environment))
    else {
        return false;
    };
    repository != *place.repository && source.resolve(&repository, &TagOrDigest::Digest(digest.clone())).await.is_ok()
}
