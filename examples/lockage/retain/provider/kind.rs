//! `Kind`: the kinds of registries, and what each can do.

use std::fmt;

use lockage_policy::apply::Caps;
use lockage_registry::Host;
use lockage_registry::ecr::Endpoint;

/// The kinds of registries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    Distribution,
    DockerRegistry2,
    Acr,
    DockerHub,
    Ecr,
    Gar,
    Ghcr,
    Gitlab,
    Harbor,
    Zot,
}

impl Kind {
    /// The kind of a hosted registry, by its name.
    pub(crate) fn of_host(host: &Host) -> Self {
        let name = host.name();
        let under = |domain: &str| name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
        match name {
            "ghcr.io" => Self::Ghcr,
            "docker.io" => Self::DockerHub,
            "registry.gitlab.com" => Self::Gitlab,
            _ if Endpoint::of(host).is_ok() => Self::Ecr,
            _ if under("azurecr.io") || under("azurecr.cn") || under("azurecr.us") => Self::Acr,
            _ if under("gcr.io") || under("pkg.dev") => Self::Gar,
            _ => Self::Distribution,
        }
    }

    /// Whether it is listed and deleted by an interface of its own.
    pub(super) fn is_own(self) -> bool {
        matches!(self, Self::Ghcr | Self::Ecr | Self::Harbor | Self::DockerHub | Self::Gitlab)
    }

    pub(crate) fn caps(self) -> Caps {
        match self {
            Self::Distribution => Caps::DISTRIBUTION,
            Self::DockerRegistry2 => Caps::DISTRIBUTION_2,
            Self::Acr => Caps::ACR,
            Self::DockerHub => Caps::DOCKER_HUB,
            Self::Ecr => Caps::ECR,
            Self::Gar => Caps::GAR,
            Self::Ghcr => Caps::GHCR,
            Self::Gitlab => Caps::GITLAB,
            Self::Harbor => Caps::HARBOR,
            Self::Zot => Caps::ZOT,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = clap::ValueEnum::to_possible_value(self);
        f.write_str(name.as_ref().map_or("unknown", |name| name.get_name()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn hosted_registries_are_known_by_name() {
        for (host, kind) in [
            ("ghcr.io", Kind::Ghcr),
            ("docker.io", Kind::DockerHub),
            ("index.docker.io", Kind::DockerHub),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", Kind::Ecr),
            ("public.ecr.aws", Kind::Distribution),
            ("registry.gitlab.com", Kind::Gitlab),
            ("acme.azurecr.io", Kind::Acr),
            ("europe-docker.pkg.dev", Kind::Gar),
            ("ghcr.io.evil.example", Kind::Distribution),
            ("registry.example:5000", Kind::Distribution),
        ] {
            assert_eq!(Kind::of_host(&host.parse().unwrap()), kind, "{host}");
        }
    }
}
