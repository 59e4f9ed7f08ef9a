//! `Profile`: what registries do differently from one another: one table, by their names and by what they say of themselves.

use lockage_tagging::Host;
use reqwest::header::{HeaderMap, SERVER, WWW_AUTHENTICATE};

use super::answer::text;

/// What is known of a kind of registry beforehand. What is not known is found out: a form of upload that is refused is
/// followed by the next one, a mount that is refused by an upload, a session that cannot be resumed by a new one.
///
/// A profile is chosen by the name of the host, else by the headers of its first answers; a registry under a name of
/// one's own can be told with [`ClientBuilder::profile`](super::ClientBuilder::profile).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// The kind of registry, for people.
    pub name: &'static str,
    /// A mount from the repository itself is answered 201 where the blob is there, so that one POST asks for it and
    /// opens the upload. Where it is not so, each blob costs a HEAD more.
    pub self_mount: bool,
    /// The largest blob, in bytes, that is sent by one PUT; larger ones are sent by one PATCH and a PUT without a body.
    pub put_up_to: u64,
    /// The size of a chunk, in bytes, where neither a PUT nor a PATCH of the whole is taken; `None` where chunks are
    /// known to be lost.
    pub chunk: Option<u64>,
    /// An interrupted upload may go on where it stopped. Where it is known that it may not, it is not asked.
    pub resumes: bool,
    /// How a tag is deleted without its manifest.
    pub delete_tag: TagDeletion,
}

/// How a tag is deleted without its manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TagDeletion {
    /// By DELETE of the tag; where the registry turns out not to have that, by the detour.
    Native,
    /// By a manifest that is made for it, tagged, and deleted by its digest, which takes the tag along.
    Detour,
    /// Not by this API.
    Unsupported,
}

const MIB: u64 = 1024 * 1024;

impl Profile {
    /// The CNCF distribution registry, version 3, and whatever is not known better: what the specification asks for.
    pub const DISTRIBUTION: Self = Self {
        name: "distribution",
        self_mount: true,
        put_up_to: u64::MAX,
        chunk: Some(16 * MIB),
        resumes: true,
        delete_tag: TagDeletion::Native,
    };

    /// Version 2 of it: its sessions carry a signed offset, and do not survive an interrupted request.
    pub const DISTRIBUTION_2: Self =
        Self { name: "distribution 2", resumes: false, delete_tag: TagDeletion::Detour, ..Self::DISTRIBUTION };

    /// Amazon ECR: mounts are an account's setting; of several chunks it keeps the first.
    pub const ECR: Self =
        Self { name: "Amazon ECR", self_mount: false, chunk: None, resumes: false, ..Self::DISTRIBUTION };

    /// Google Artifact Registry: takes no chunks.
    pub const GAR: Self =
        Self { name: "Google Artifact Registry", self_mount: false, chunk: None, resumes: false, ..Self::DISTRIBUTION };

    /// Azure Container Registry: answers 413 to a large PUT, and cannot resume.
    pub const ACR: Self = Self {
        name: "Azure Container Registry",
        self_mount: false,
        put_up_to: 16 * MIB,
        chunk: Some(4 * MIB),
        resumes: false,
        ..Self::DISTRIBUTION
    };

    /// GitHub's registry: no deletes by this API.
    pub const GHCR: Self = Self {
        name: "GitHub Container Registry",
        self_mount: false,
        delete_tag: TagDeletion::Unsupported,
        ..Self::DISTRIBUTION
    };

    /// Docker Hub: answers 400 to a large PUT; no deletes by this API.
    pub const DOCKER_HUB: Self = Self {
        name: "Docker Hub",
        self_mount: false,
        put_up_to: 16 * MIB,
        delete_tag: TagDeletion::Unsupported,
        ..Self::DISTRIBUTION
    };

    /// Harbor: distribution 2 stores its blobs.
    pub const HARBOR: Self = Self { name: "Harbor", resumes: false, ..Self::DISTRIBUTION };

    /// Quay.
    pub const QUAY: Self = Self { name: "Quay", self_mount: false, ..Self::DISTRIBUTION };

    /// GitLab's registry, grown out of distribution 2.
    pub const GITLAB: Self = Self { name: "GitLab", self_mount: false, resumes: false, ..Self::DISTRIBUTION };

    /// JFrog Artifactory: answers 403 to mounts from other repositories.
    pub const ARTIFACTORY: Self = Self { name: "Artifactory", self_mount: false, ..Self::DISTRIBUTION };

    /// The profile of a hosted registry, by its name.
    pub(super) fn of_host(host: &Host) -> Option<Self> {
        let name = host.name();
        let under = |domain: &str| name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
        Some(match name {
            _ if under("docker.io") => Self::DOCKER_HUB,
            _ if under("ghcr.io") => Self::GHCR,
            _ if under("quay.io") => Self::QUAY,
            _ if under("azurecr.io") || under("azurecr.cn") || under("azurecr.us") => Self::ACR,
            _ if under("gcr.io") || under("pkg.dev") => Self::GAR,
            _ if under("public.ecr.aws") => Self::ECR,
            _ if name.contains(".dkr.ecr")
                && (under("amazonaws.com") || under("amazonaws.com.cn") || under("on.aws")) =>
            {
                Self::ECR
            }
            _ if under("registry.gitlab.com") => Self::GITLAB,
            _ if under("jfrog.io") => Self::ARTIFACTORY,
            _ => return None,
        })
    }

    /// The profile of a registry, by what the headers of an answer say of it.
    pub(super) fn of_headers(headers: &HeaderMap) -> Option<Self> {
        if headers.contains_key("x-jfrog-version") || headers.contains_key("x-artifactory-id") {
            return Some(Self::ARTIFACTORY);
        }
        if headers.contains_key("gitlab-container-registry-version") {
            return Some(Self::GITLAB);
        }
        if text(headers, SERVER.as_str()).is_some_and(|server| server.starts_with("AzureContainerRegistry")) {
            return Some(Self::ACR);
        }
        // The names under which they ask for tokens.
        let challenge = text(headers, WWW_AUTHENTICATE.as_str())?;
        [
            (r#"service="harbor-registry""#, Self::HARBOR),
            (r#"service="container_registry""#, Self::GITLAB),
            (r#"service="ecr.amazonaws.com""#, Self::ECR),
        ]
        .into_iter()
        .find_map(|(sign, profile)| challenge.contains(sign).then_some(profile))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn hosted_registries_are_known_by_name() {
        for (host, name) in [
            ("docker.io", Some("Docker Hub")),
            ("ghcr.io", Some("GitHub Container Registry")),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", Some("Amazon ECR")),
            ("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", Some("Amazon ECR")),
            ("public.ecr.aws", Some("Amazon ECR")),
            ("europe-docker.pkg.dev", Some("Google Artifact Registry")),
            ("eu.gcr.io", Some("Google Artifact Registry")),
            ("acme.azurecr.io", Some("Azure Container Registry")),
            ("acme.jfrog.io", Some("Artifactory")),
            ("registry.gitlab.com", Some("GitLab")),
            ("notghcr.io", None),
            ("ghcr.io.evil.example", None),
            ("127.0.0.1:5000", None),
            ("registry.example", None),
        ] {
            let found = Profile::of_host(&host.parse().unwrap()).map(|profile| profile.name);
            assert_eq!(found, name, "{host}");
        }
    }

    #[test]
    fn others_are_known_by_what_they_say() {
        for (name, value, expected) in [
            (
                "www-authenticate",
                r#"Bearer realm="https://harbor.example/service/token",service="harbor-registry""#,
                Some("Harbor"),
            ),
            (
                "www-authenticate",
                r#"Bearer realm="https://git.example/jwt/auth",service="container_registry""#,
                Some("GitLab"),
            ),
            ("x-jfrog-version", "Artifactory/7.90", Some("Artifactory")),
            ("gitlab-container-registry-version", "4.1.0", Some("GitLab")),
            ("server", "AzureContainerRegistry", Some("Azure Container Registry")),
            ("docker-distribution-api-version", "registry/2.0", None),
            ("www-authenticate", r#"Basic realm="x""#, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            assert_eq!(Profile::of_headers(&headers).map(|profile| profile.name), expected, "{name}: {value}");
        }
    }
}
