//! `ghcr`: GitHub's registry, listed and deleted through the API of GitHub Packages.
//!
//! The distribution API of `ghcr.io` deletes nothing (405) and lists nothing that has no tag. The Packages API calls every
//! manifest a *version*: images, the children of an index and attestations alike, each with its tags. Deleting a version
//! takes all its tags along, and a deleted version can be restored for 30 days.
//!
//! | what | requests to the Packages API | to the registry |
//! |---|---|---|
//! | [`list`](crate::inventory::Inventory::list) | one for 100 versions, and one more where that is over one page | a GET a manifest never read before |
//! | [`tags_of`](crate::inventory::Inventory::tags_of) | one; where the manifest was never listed, as `list` | – |
//! | [`delete_manifest`](crate::Prune::delete_manifest) | as `tags_of`, and one DELETE; after a 404 one GET | – |
//! | [`delete_tag`](crate::Prune::delete_tag) | one for the newest 100 versions, and one DELETE | one GET, at most 2 for an empty blob, one PUT |
//! | [`restore`](crate::provider::Provider::restore) | one for 100 deleted versions, and one POST | – |
//!
//! A GET costs one point and everything else five, of 900 a minute (GitHub's REST documentation, "Rate limits"): requests wait
//! for their turn here, so that no more than 180 deletes a minute are sent. A classic token needs `read:packages`, and
//! `delete:packages` to delete, or `write:packages` to restore; a workflow's own token needs the admin role on the package.
//!
//! Of its own accord GitHub refuses to delete the last version that has a tag, and a public one with more than 5000 downloads:
//! both are [`Rejected`](crate::ErrorKind::Rejected), with [`LAST_TAGGED_VERSION`] or [`TOO_MANY_DOWNLOADS`] as the code.

mod inventory;
mod owner;
mod packages;
mod points;
mod ports;
mod refusal;
mod untag;
mod version;

use std::fmt;

pub use self::owner::Owner;
pub use self::packages::{Packages, Versions};
pub use self::refusal::{LAST_TAGGED_VERSION, TOO_MANY_DOWNLOADS};
pub use self::version::Version;

use crate::provider::Contents;

/// A registry at GitHub: `C` reads and writes, and the Packages API lists and deletes.
///
/// ```no_run
/// use lockage_registry::client::{Client, Secret};
/// use lockage_registry::ghcr::{Ghcr, Owner, Packages};
/// use lockage_registry::inventory::Inventory as _;
/// # async fn run(token: Secret) -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder().docker_config()?.build()?;
/// let ghcr = Ghcr::new(client.clone(), Packages::new(&client, Owner::Organization, token)?);
/// for tag in ghcr.list(&"ghcr.io/acme/app".parse()?).await?.tags {
///     println!("{} {}", tag.name, tag.digest);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Ghcr<C> {
    registry: C,
    packages: Packages,
    /// A manifest that is read counts as downloaded, and a public one with many downloads cannot be deleted.
    contents: Contents,
}

impl<C> Ghcr<C> {
    /// Reads and writes with `registry`, and lists and deletes with `packages`.
    pub fn new(registry: C, packages: Packages) -> Self {
        Self { registry, packages, contents: Contents::default() }
    }

    /// The Packages API.
    pub fn packages(&self) -> &Packages {
        &self.packages
    }
}

impl<C: fmt::Debug> fmt::Debug for Ghcr<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ghcr").field("registry", &self.registry).field("packages", &self.packages).finish()
    }
}

impl<C> fmt::Display for Ghcr<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the GitHub Container Registry")
    }
}
