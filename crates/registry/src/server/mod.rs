//! `server`: an OCI distribution server in this process, over any [`Registry`](crate::Registry).
//!
//! It speaks the distribution specification 1.1 with docker, containerd, crane, skopeo, oras and cosign: pulls with
//! ranges, pushes in one piece or in chunks, mounts, tags, referrers and deletes. A [`Guard`] asks clients for a password
//! or a token. There is no TLS: it is for a machine's own address, or for behind something that has it.
//!
//! ```
//! use std::sync::Arc;
//! use lockage_registry::{Host, Memory, server::Server};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let host: Host = "registry.test".parse()?;
//! let server = Server::builder(Arc::new(Memory::new(host.clone())), host).serve("127.0.0.1:0".parse()?).await?;
//! assert!(server.host().is_loopback());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod blobs;
mod dispatch;
mod fault;
#[cfg(fuzzing)]
pub mod fuzzing;
mod guard;
mod inbound;
mod log;
mod manifests;
mod payload;
mod query;
mod range;
mod referrers;
mod refusal;
mod reply;
mod route;
mod serve;
mod tags;
mod uploads;

pub use fault::{Fault, Intercept, RequestHead};
pub use guard::Guard;
pub use log::Seen;
pub use serve::{Builder, Server};
