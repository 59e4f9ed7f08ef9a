//! From the address that git clones to the page that people open.

/// The web page of a repository that git fetches from `address`: without credentials, query and `.git`.
///
/// `None` for what is neither a URL nor `user@host:path`.
pub(super) fn web_page(address: &str) -> Option<String> {
    let (scheme, rest) = match address.split_once("://") {
        Some(("http", rest)) => ("http", rest),
        Some(("https" | "ssh" | "git" | "git+ssh", rest)) => ("https", rest),
        Some(_) => return None,
        None => ("https", address),
    };
    let rest = rest.split(['?', '#']).next()?;
    let (authority, path) = if address.contains("://") {
        rest.split_once('/')?
    } else {
        // `git@host:path`, as scp writes it. The user name is what tells it from a path on this machine.
        let (authority, path) = rest.split_once(':')?;
        authority.contains('@').then_some((authority, path.trim_start_matches('/')))?
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // The port of ssh is not that of the page.
    let host = if address.starts_with("http") { host } else { host.split(':').next()? };
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    (!host.is_empty() && !path.is_empty()).then(|| format!("{scheme}://{host}/{path}"))
}

/// The last part of the path.
pub(super) fn name(page: &str) -> Option<String> {
    page.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_neither_credentials_nor_the_ending_of_a_clone() {
        for (address, page) in [
            ("https://github.com/acme/app.git", Some("https://github.com/acme/app")),
            ("https://user:token@git.example:8443/acme/app.git/", Some("https://git.example:8443/acme/app")),
            ("https://acme@dev.azure.com/acme/shop/_git/app?x=1", Some("https://dev.azure.com/acme/shop/_git/app")),
            ("git@github.com:acme/app.git", Some("https://github.com/acme/app")),
            ("ssh://git@git.example:2222/acme/app.git", Some("https://git.example/acme/app")),
            ("http://git.example/acme/app", Some("http://git.example/acme/app")),
            ("/srv/git/app.git", None),
            ("file:///srv/git/app.git", None),
            ("C:\\git\\app", None),
            ("https://git.example", None),
            ("", None),
        ] {
            assert_eq!(web_page(address).as_deref(), page, "{address}");
        }
        assert_eq!(name("https://github.com/acme/app").as_deref(), Some("app"));
    }
}
