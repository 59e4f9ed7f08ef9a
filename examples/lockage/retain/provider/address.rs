//! `Address`: where the interface of a registry is.

use std::str::FromStr;

use lockage_registry::Host;

/// `https://HOST/PATH`, or `http://` with a host that plain http is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: Host,
    /// Without a slash at either end.
    pub(super) path: String,
    pub(super) is_plain: bool,
}

impl Address {
    /// `https://HOST`.
    pub(super) fn at(host: Host) -> Self {
        Self { host, path: String::new(), is_plain: false }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("write https://HOST/PATH")?;
        let is_plain = match scheme {
            "https" => false,
            "http" => true,
            _ => return Err(format!("{scheme} is neither https nor http")),
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if text.contains(['?', '#', '@']) {
            return Err("it has a query, a fragment or a user: write https://HOST/PATH".to_owned());
        }
        let host: Host = host.parse().map_err(|error| format!("{error}"))?;
        if host.is_loopback() && !is_plain {
            return Err("loopback addresses are spoken to in plain http: write http://".to_owned());
        }
        Ok(Self { host, path: path.trim_matches('/').to_owned(), is_plain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_path() {
        let read = |text: &str| text.parse::<Address>().map(|it| (it.host.to_string(), it.path, it.is_plain));
        let fine = |host: &str, path: &str, is_plain| Ok((host.to_owned(), path.to_owned(), is_plain));
        assert_eq!(read("https://api.github.com"), fine("api.github.com", "", false));
        assert_eq!(read("https://ghe.example/api/v3/"), fine("ghe.example", "api/v3", false));
        assert_eq!(read("http://127.0.0.1:8080/api/v4"), fine("127.0.0.1:8080", "api/v4", true));
        for wrong in [
            "api.github.com",
            "ftp://a.example",
            "https://",
            "https://a@b.example",
            "https://a.example?b",
            "https://[::1]:8",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
