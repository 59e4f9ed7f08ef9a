//! `docker_hub`: Docker Hub, listed and deleted through its own API.
//!
//! Docker Hub has tags, with the digests and times of what they hold, and collects what has no tag by itself: it lists and
//! deletes no manifest, neither by its own API nor by the distribution API (405).
//!
//! | what | requests to Docker Hub's API |
//! |---|---|
//! | [`list`](crate::inventory::Inventory::list) | one for 100 tags |
//! | [`delete_tag`](crate::Prune::delete_tag) | one |
//! | all of them | one for a token, every few minutes |
//!
//! A manifest is never read for a listing: Docker Hub counts that as a pull, and gives few of them. So the manifests of the
//! list are not resolved: their children are known where Docker Hub names the platforms, and their subjects are not.
//!
//! The credentials are those of the registry: a user name with an access token, or an organization's name with one of its
//! tokens, with the right to read and delete. A password does not do where the account has a second factor.

mod inventory;
mod ports;
mod refusal;
mod tag;
mod tags;
mod token;

use std::fmt;

pub use self::tag::{HubImage, HubTag};
pub use self::tags::{List, Tags};

/// Docker Hub: `C` reads and writes, and Docker Hub's own API lists and deletes.
///
/// ```no_run
/// use lockage_registry::client::Client;
/// use lockage_registry::docker_hub::{DockerHub, Tags};
/// use lockage_registry::inventory::Inventory as _;
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder().docker_config()?.build()?;
/// let hub = DockerHub::new(client.clone(), Tags::new(&client)?);
/// for tag in hub.list(&"docker.io/acme/app".parse()?).await?.tags {
///     println!("{} {} {:?}", tag.name, tag.digest, tag.pulled_at);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct DockerHub<C> {
    registry: C,
    tags: Tags,
}

impl<C> DockerHub<C> {
    /// Reads and writes with `registry`, and lists and deletes with `tags`.
    pub fn new(registry: C, tags: Tags) -> Self {
        Self { registry, tags }
    }

    /// The API.
    pub fn api(&self) -> &Tags {
        &self.tags
    }
}

impl<C: fmt::Debug> fmt::Debug for DockerHub<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DockerHub").field("registry", &self.registry).field("tags", &self.tags).finish()
    }
}

impl<C> fmt::Display for DockerHub<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Docker Hub")
    }
}
