//! `ecr`: Amazon ECR, listed and deleted through its own API (JSON 1.1, Signature Version 4).
//!
//! | what | requests to the ECR API | to the registry |
//! |---|---|---|
//! | [`list`](crate::inventory::Inventory::list) | one `DescribeImages` for 1000 images | a GET an index never read before |
//! | [`tags_of`](crate::inventory::Inventory::tags_of) | one `DescribeImages` | – |
//! | [`delete_manifest`](crate::Prune::delete_manifest), [`delete_tag`](crate::Prune::delete_tag) | one `BatchDeleteImage` | – |
//! | [`delete_tag_if`](crate::provider::Provider::delete_tag_if) | one `BatchDeleteImage`; one `DescribeImages` where the tag has moved | – |
//! | [`Images::delete`] | one `BatchDeleteImage` for 100 images | – |
//! | [`archive`](crate::provider::Provider::archive), [`unarchive`](crate::provider::Provider::unarchive), [`Images::store`] | one `UpdateImageStorageClass`; the first two one `DescribeImages` where ECR refuses | – |
//! | [`image_status`](crate::provider::Provider::image_status) | one `DescribeImages` | – |
//!
//! An image goes with its last tag. [`delete_tag_if`](crate::provider::Provider::delete_tag_if) deletes a tag only while it holds the digest that is named with it,
//! in one step: ECR alone of all registries can do that. What an index names that is there is refused
//! ([`FailureCode::ImageReferencedByManifestList`]). A delete is final. An image that is archived
//! keeps its tags, is not listed, and cannot be pulled (404) until it is taken out, which ECR expects to take up to 20 minutes,
//! or is pushed again. It is paid for as if it stayed for 90 days at least. That tags are immutable keeps them from being moved, and not from being deleted.
//!
//! Logins for the registry itself come from docker's credentials, or from the same keys by `cloud::EcrLogin` (feature `cloud`).
//!
//! The rights needed are `ecr:DescribeImages` to list, `ecr:BatchDeleteImage` to delete and `ecr:UpdateImageStorageClass` to
//! archive, beside those to pull.

mod endpoint;
mod failure;
mod images;
mod inventory;
mod keys;
mod ports;
mod refusal;
mod signed;
mod sigv4;
mod storage;
mod wire;

use std::fmt;

pub use self::endpoint::Endpoint;
pub use self::failure::{Failure, FailureCode};
pub use self::images::{Deleted, Image, ImageId, Images};
pub use self::keys::{KeyProvider, Keys};
pub use self::storage::Storage;
pub use crate::provider::ImageStatus;

#[cfg(feature = "cloud")]
pub(crate) use self::refusal::refusal;
#[cfg(feature = "cloud")]
pub(crate) use self::signed::signed;
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
