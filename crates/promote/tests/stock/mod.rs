//! What the tests in memory are stocked with.

use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Memory, Reference};

/// Two platforms, and an attestation beside each.
pub(crate) fn image(seed: u64) -> Image {
    fixtures::attested_index(seed, &["linux/amd64".parse().unwrap(), "linux/arm64".parse().unwrap()])
}

pub(crate) fn memory(host: &str) -> Memory {
    Memory::new(host.parse().unwrap())
}

pub(crate) fn reference(text: &str) -> Reference {
    text.parse().unwrap()
}
