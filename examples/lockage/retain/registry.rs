//! Registries that are deleted from over the distribution API.

use lockage_policy::apply::{Caps, Plain};
use lockage_registry::inventory::Walk;

use crate::clients::Registries;

/// What a registry does when it is told to delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    Distribution,
    DockerRegistry2,
    Acr,
    Gar,
    Harbor,
    Zot,
}

impl Kind {
    pub(super) fn caps(self) -> Caps {
        match self {
            Self::Distribution => Caps::DISTRIBUTION,
            Self::DockerRegistry2 => Caps::DISTRIBUTION_2,
            Self::Acr => Caps::ACR,
            Self::Gar => Caps::GAR,
            Self::Harbor => Caps::HARBOR,
            Self::Zot => Caps::ZOT,
        }
    }

    /// Through the registries that copy as well, within the same limits.
    pub(super) fn remover(self, registries: &Registries) -> Plain<&Registries, Walk<&Registries>> {
        Plain::new(registries, Walk::new(registries), self.caps())
    }
}
