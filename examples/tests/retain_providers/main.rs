//! `lockage retain plan` and `apply` over registries with an interface of their own, against stand-ins of those.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod ecr;
mod ghcr;
mod harbor;
mod hub_and_gitlab;
mod named;
mod place;

/// The stand-ins that the providers themselves are tested against.
#[path = "../../../crates/registry/tests/ecr/amazon.rs"]
mod amazon;
#[path = "../../../crates/registry/tests/ghcr/github.rs"]
mod github;
#[path = "../../../crates/registry/tests/gitlab/gitlab.rs"]
mod gitlab;
#[path = "../../../crates/registry/tests/harbor/harbor.rs"]
mod goharbor;
#[path = "../../../crates/registry/tests/docker_hub/hub.rs"]
mod hub;
#[path = "../../../crates/registry/tests/mock/mod.rs"]
mod mock;
#[path = "../../../crates/registry/tests/stand_in/mod.rs"]
mod stand_in;
