#![doc = include_str!("../README.md")]
#![cfg_attr(feature = "wrappers", doc = include_str!("wrap/guide.md"))]

mod backend;
mod body;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "cloud")]
pub mod cloud;
mod descriptor;
#[cfg(feature = "docker-hub")]
pub mod docker_hub;
mod doubt;
#[cfg(feature = "ecr")]
pub mod ecr;
pub mod empty;
mod error;
#[cfg(any(feature = "client", feature = "wrappers"))]
mod failures;
#[cfg(fuzzing)]
pub mod fuzzing;
#[cfg(feature = "ghcr")]
pub mod ghcr;
#[cfg(feature = "gitlab")]
pub mod gitlab;
#[cfg(feature = "harbor")]
pub mod harbor;
mod hash;
pub mod inventory;
mod json;
#[cfg(feature = "layout")]
mod layout;
mod manifest;
pub mod media_type;
mod memory;
#[cfg(feature = "oci-client")]
mod oci_client;
mod port;
pub mod provider;
pub mod referrers;
mod retry_policy;
#[cfg(feature = "server")]
pub mod server;
mod tag_or_digest;
#[cfg(feature = "testing")]
pub mod testing;
mod verifier;
mod verify;
mod wrap;

pub use body::{Body, ByteStream};
pub use descriptor::{Descriptor, Platform};
pub use error::{Answer, Error, ErrorKind, OciError, Result, Status};
pub use hash::{Hasher, digest_of};
#[cfg(feature = "layout")]
pub use layout::OciLayout;
pub use lockage_tagging::{Algorithm, Digest, DigestTag, DigestTagKind, Host, NameError, Reference, Repository, Tag};
pub use manifest::{Content, Manifest, RawManifest};
pub use memory::Memory;
#[cfg(feature = "oci-client")]
pub use oci_client::OciClient;
pub use port::{Opened, Prune, Registry, Source, SourceExt, Stored, Target, TargetExt, Upload};
pub use retry_policy::RetryPolicy;
pub use tag_or_digest::TagOrDigest;
pub use verifier::Verifier;
pub use verify::{Verify, verified};
#[cfg(feature = "layout")]
pub use wrap::Remember;
#[cfg(feature = "wrappers")]
pub use wrap::{Clock, Limit, Retry, SystemClock, Throttle, Trace};
pub use wrap::{ReadOnly, ReadOnlyRegistry};
