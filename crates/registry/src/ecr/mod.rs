//! `ecr`: Amazon ECR, listed and deleted through its own API (JSON 1.1, Signature Version 4).
//!
//! | what | requests to the ECR API | to the registry |
//! |---|---|---|
//! | [`list`](crate::inventory::Inventory::list) | one `DescribeImages` for 1000 images | a GET an index never read before |
//! | [`tags_of`](crate::inventory::Inventory::tags_of) | one `DescribeImages` | – |
//! | [`delete_manifest`](crate::Prune::delete_manifest), [`delete_tag`](crate::Prune::delete_tag) | one `BatchDeleteImage` | – |
//! | [`delete_tag_if`](crate::provider::Provider::delete_tag_if) | one `BatchDeleteImage`; one `DescribeImages` where the tag has moved | – |
//! | [`Images::delete`] | one `BatchDeleteImage` for 100 images | – |
//! | [`Images::store`] | one `UpdateImageStorageClass` | – |
//!
//! An image goes with its last tag. [`delete_tag_if`](crate::provider::Provider::delete_tag_if) deletes a tag only while it holds the digest that is named with it,
//! in one step: ECR alone of all registries can do that. What an index names that is there is refused
//! ([`FailureCode::ImageReferencedByManifestList`]). A delete is final. Archived images are not listed, and cannot
//! be pulled. That tags are immutable keeps them from being moved, and not from being deleted.
//!
//! The rights needed are `ecr:DescribeImages` to list and `ecr:BatchDeleteImage` to delete, beside those to pull.

mod endpoint;
mod failure;
mod images;
mod inventory;
mod keys;
mod ports;
mod refusal;
mod sigv4;
mod storage;
mod wire;

use std::fmt;

pub use self::endpoint::Endpoint;
pub use self::failure::{Failure, FailureCode};
pub use self::images::{Deleted, Image, ImageId, Images};
pub use self::keys::{KeyProvider, Keys};
pub use self::storage::{ImageStatus, Storage};

use crate::provider::Contents;

/// A registry at Amazon: `C` reads and writes, and ECR's own API lists and deletes.
///
/// ```no_run
/// use lockage_registry::client::Client;
/// use lockage_registry::ecr::{Ecr, Endpoint, Images, Keys};
/// use lockage_registry::inventory::Inventory as _;
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder().docker_config()?.build()?;
/// let host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com".parse()?;
/// let keys = Keys::from_variables(|name| std::env::var(name).ok())?;
/// let ecr = Ecr::new(client.clone(), Images::new(&client, Endpoint::of(&host)?, keys)?);
/// for tag in ecr.list(&format!("{host}/app").parse()?).await?.tags {
///     println!("{} {}", tag.name, tag.digest);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Ecr<C> {
    registry: C,
    images: Images,
    contents: Contents,
}

impl<C> Ecr<C> {
    /// Reads and writes with `registry`, and lists and deletes with `images`.
    pub fn new(registry: C, images: Images) -> Self {
        Self { registry, images, contents: Contents::default() }
    }

    /// The API.
    pub fn images(&self) -> &Images {
        &self.images
    }
}

impl<C: fmt::Debug> fmt::Debug for Ecr<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ecr").field("registry", &self.registry).field("images", &self.images).finish()
    }
}

impl<C> fmt::Display for Ecr<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Amazon ECR")
    }
}
