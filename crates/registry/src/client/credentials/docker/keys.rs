//! Keys: under which names a repository and its host are kept.

use lockage_tagging::{Host, Repository};

/// Under this name docker keeps the credentials for Docker Hub.
const HUB: &str = "https://index.docker.io/v1/";

/// The repository and the namespaces above it, the longest first, without the host alone.
pub(super) fn of_path(repository: &Repository) -> impl Iterator<Item = String> {
    let mut path = Some(repository.path().to_owned());
    let host = repository.host().clone();
    std::iter::from_fn(move || {
        let current = path.take()?;
        let key = format!("{host}/{current}");
        path = current.rsplit_once('/').map(|(above, _)| above.to_owned());
        Some(key)
    })
}

/// The names of a host, the one that docker writes first.
pub(super) fn of_host(host: &Host) -> Vec<&str> {
    match host.as_str() {
        "docker.io" => vec![HUB, "docker.io", "index.docker.io", "registry-1.docker.io"],
        name => vec![name],
    }
}

/// What a helper is asked for: the name under which the file knows the host, and for Docker Hub also docker's own.
pub(super) fn servers<'a>(host: &'a Host, key: Option<&'a str>) -> Vec<&'a str> {
    let usual = if host.as_str() == "docker.io" { HUB } else { host.as_str() };
    key.filter(|key| *key != usual).into_iter().chain([usual]).collect()
}

/// The host that a key means which is written as a URL: `https://ghcr.io/v2/`, `ghcr.io/v1/`. Without a scheme, a path
/// is a namespace, and no other repository of the host may have its credentials.
pub(super) fn authority(key: &str) -> &str {
    match key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")) {
        Some(rest) => rest.split('/').next().unwrap_or(rest),
        None => ["/v1/", "/v2/", "/"].iter().find_map(|end| key.strip_suffix(end)).unwrap_or(key),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_looked_up_from_its_own_name_to_its_namespaces() {
        for (repository, expected) in [
            ("alpine", vec!["docker.io/library/alpine", "docker.io/library"]),
            ("registry.example:5000/a", vec!["registry.example:5000/a"]),
            ("registry.example/a/b/c", vec!["registry.example/a/b/c", "registry.example/a/b", "registry.example/a"]),
        ] {
            assert_eq!(of_path(&repository.parse().unwrap()).collect::<Vec<_>>(), expected, "{repository}");
        }
    }

    #[test]
    fn a_url_as_a_key_means_its_host() {
        for (key, host) in [
            ("https://ghcr.io/v2/", "ghcr.io"),
            ("http://localhost:5000", "localhost:5000"),
            ("https://index.docker.io/v1/", "index.docker.io"),
            ("ghcr.io/v2/", "ghcr.io"),
            ("ghcr.io/", "ghcr.io"),
            ("ghcr.io", "ghcr.io"),
            ("ghcr.io/team", "ghcr.io/team"),
            ("", ""),
        ] {
            assert_eq!(authority(key), host, "{key}");
        }
    }
}
