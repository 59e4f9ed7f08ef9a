//! `harbor`: Harbor, listed and deleted through its own API, version 2.
//!
//! Harbor lists *artifacts*: what has a tag, or is named by nothing. The children of an index and what is attached to an
//! image (its *accessories*) are not in the list, and are asked for one by one.
//!
//! | what | requests to Harbor's API |
//! |---|---|
//! | [`list`](crate::inventory::Inventory::list) | one for 100 artifacts, one more where that is over one page, and one for each child and each accessory |
//! | [`tags_of`](crate::inventory::Inventory::tags_of) | one |
//! | [`delete_manifest`](crate::Prune::delete_manifest), [`delete_tag`](crate::Prune::delete_tag) | one |
//! | [`delete_tag_if`](crate::provider::Provider::delete_tag_if) | one; one more where the tag is not at that artifact |
//!
//! An artifact goes with its tags, its accessories, and those children that nothing else names. A tag goes alone, and leaves
//! its artifact. [`delete_tag_if`](crate::provider::Provider::delete_tag_if) names the artifact with the tag, and Harbor finds
//! no such tag where it has moved; between its look and its delete is a moment, so that this is no compare-and-delete.
//!
//! What an index names is refused, and so is what a rule of immutability covers
//! ([`TagImmutable`](crate::ErrorKind::TagImmutable)). Where Harbor fails to look that rule up, it calls the tag mutable.
//!
//! The credentials are those of the registry: a user's, or a robot's with the permissions to list artifacts (`list artifact`,
//! `list tag`), to read one (`read artifact`), and to delete (`delete artifact`, `delete tag`).

mod artifact;
mod artifacts;
mod inventory;
mod ports;
mod refusal;

use std::fmt;

pub use self::artifact::{Accessory, Artifact, ArtifactTag};
pub use self::artifacts::{Artifacts, List};

/// A Harbor: `C` reads and writes, and Harbor's own API lists and deletes.
///
/// ```no_run
/// use lockage_registry::client::Client;
/// use lockage_registry::harbor::{Artifacts, Harbor};
/// use lockage_registry::inventory::Inventory as _;
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder().docker_config()?.build()?;
/// let host = "harbor.example".parse()?;
/// let harbor = Harbor::new(client.clone(), Artifacts::new(&client, &host)?);
/// for tag in harbor.list(&"harbor.example/team/app".parse()?).await?.tags {
///     println!("{} {}", tag.name, tag.digest);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Harbor<C> {
    registry: C,
    artifacts: Artifacts,
}

impl<C> Harbor<C> {
    /// Reads and writes with `registry`, and lists and deletes with `artifacts`.
    pub fn new(registry: C, artifacts: Artifacts) -> Self {
        Self { registry, artifacts }
    }

    /// The API.
    pub fn artifacts(&self) -> &Artifacts {
        &self.artifacts
    }
}

impl<C: fmt::Debug> fmt::Debug for Harbor<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harbor").field("registry", &self.registry).field("artifacts", &self.artifacts).finish()
    }
}

impl<C> fmt::Display for Harbor<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Harbor")
    }
}
