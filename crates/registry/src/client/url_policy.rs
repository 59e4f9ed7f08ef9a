//! `UrlPolicy`: the one judge of every URL that a registry names: Location, redirect, Link, realm.
//!
//! A registry answers with URLs, and a client that follows any of them can be turned against its user: made to send a
//! password in the clear, to give it to a stranger, or to call a machine inside its network.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use lockage_tagging::Host;
use url::{Host as UrlHost, Url};

use crate::{Error, ErrorKind, Result};

/// Judges URLs on behalf of one registry.
#[derive(Clone, Debug)]
pub struct UrlPolicy {
    registry: Url,
    allowed: BTreeSet<Host>,
    only: Option<BTreeSet<Host>>,
}

/// What a URL is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// The `Location` of an upload session: it may be on another host, which gets no credentials.
    UploadLocation,
    /// A redirect of a GET or HEAD: likewise.
    Redirect,
    /// The `Link` to the next page: on the registry itself.
    NextPage,
    /// The token server, which gets the credentials: over https for a registry over https.
    Realm,
}

/// A URL that may be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trusted {
    /// The URL, absolute.
    pub url: Url,
    /// True where it is the registry itself, so that the registry's credentials belong there.
    pub same_origin: bool,
}

impl UrlPolicy {
    /// The policy for the registry at `registry`, which may name private addresses of the hosts in `allowed`.
    #[must_use]
    pub fn new(registry: Url, allowed: impl IntoIterator<Item = Host>) -> Self {
        Self { registry, allowed: allowed.into_iter().collect(), only: None }
    }

    /// Lets URLs lead to the registry itself and these hosts, and nowhere else.
    #[must_use]
    pub fn only(mut self, hosts: impl IntoIterator<Item = Host>) -> Self {
        self.only = Some(hosts.into_iter().collect());
        self
    }

    /// Resolves `text`, absolute or relative to `base`, and says whether it may be followed for `purpose`.
    ///
    /// # Errors
    /// [`ErrorKind::UrlRefused`] with the rule that it breaks.
    pub fn judge(&self, purpose: Purpose, base: &Url, text: &str) -> Result<Trusted> {
        let refuse = |why: &str| {
            Err(Error::new(ErrorKind::UrlRefused, purpose.words(), self.registry.origin().ascii_serialization())
                .with_message(why))
        };
        let Ok(mut url) = base.join(text) else { return refuse("it is no URL") };
        url.set_fragment(None);
        if !matches!(url.scheme(), "http" | "https") {
            return refuse("its scheme is neither http nor https");
        }
        if self.registry.scheme() == "https" && url.scheme() == "http" {
            return refuse("it leads from https to plain http");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("it carries a user name");
        }
        let same_origin = url.origin() == self.registry.origin();
        if purpose == Purpose::NextPage && !same_origin {
            return refuse("it leads to another host");
        }
        if !same_origin && is_private(&url) && !is_private(&self.registry) && !is_among(&self.allowed, &url) {
            return refuse("it leads from a public registry to a private address");
        }
        if !same_origin && self.only.as_ref().is_some_and(|only| !is_among(only, &url)) {
            return refuse("it leads to a host that is not on the list");
        }
        Ok(Trusted { url, same_origin })
    }

    /// True for a URL of the registry itself.
    #[must_use]
    pub fn is_registry(&self, url: &Url) -> bool {
        url.origin() == self.registry.origin()
    }
}

/// Whether a URL's host, with its port where that is not the scheme's own, is one of these.
fn is_among(hosts: &BTreeSet<Host>, url: &Url) -> bool {
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    url.host_str().is_some_and(|name| hosts.iter().any(|host| host.as_str() == format!("{name}{port}")))
}

impl Purpose {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::UploadLocation => "follow the upload location of",
            Self::Redirect => "follow a redirect of",
            Self::NextPage => "follow the link to the next page of",
            Self::Realm => "use the token server of",
        }
    }
}

/// Loopback, private, link-local and unspecified addresses, written as such. What a name resolves to is judged when it is
/// resolved (`resolver.rs`).
fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(UrlHost::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(UrlHost::Ipv4(address)) => is_private_address(address.into()),
        Some(UrlHost::Ipv6(address)) => is_private_address(address.into()),
        None => true,
    }
}

/// An address that means something only to whoever stands where this process does.
pub(super) fn is_private_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let carrier_grade_nat = first == 100 && (64..128).contains(&second);
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || carrier_grade_nat
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || within(address).is_some_and(is_private_v4)
}

/// The IPv4 address that an IPv6 address leads to: mapped and compatible (RFC 4291 section 2.5.5), translated by NAT64
/// (RFC 6052 section 2.1), or by 6to4 (RFC 3056 section 2).
fn within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let (high, low) = match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            (high, low)
        }
        _ => return None,
    };
    Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn judge(registry: &str, purpose: Purpose, text: &str) -> std::result::Result<(String, bool), String> {
        let base = Url::parse(registry).unwrap();
        UrlPolicy::new(base.clone(), ["10.9.9.9:9000".parse().unwrap()])
            .judge(purpose, &base, text)
            .map(|trusted| (trusted.url.to_string(), trusted.same_origin))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn follows_what_registries_really_name() {
        let hub = "https://registry-1.docker.io/v2/library/alpine/blobs/uploads/";
        for (purpose, text, url, same_origin) in [
            (
                Purpose::UploadLocation,
                "/v2/a/blobs/uploads/1?_state=x",
                "https://registry-1.docker.io/v2/a/blobs/uploads/1?_state=x",
                true,
            ),
            (
                Purpose::UploadLocation,
                "abc?x=1",
                "https://registry-1.docker.io/v2/library/alpine/blobs/uploads/abc?x=1",
                true,
            ),
            (
                Purpose::UploadLocation,
                "https://registry-1.docker.io:443/v2/x",
                "https://registry-1.docker.io/v2/x",
                true,
            ),
            (Purpose::Redirect, "https://cdn.example/blob?sig=1", "https://cdn.example/blob?sig=1", false),
            (Purpose::Realm, "https://auth.docker.io/token", "https://auth.docker.io/token", false),
            (Purpose::Redirect, "https://10.9.9.9:9000/x", "https://10.9.9.9:9000/x", false),
        ] {
            assert_eq!(judge(hub, purpose, text), Ok((url.to_owned(), same_origin)), "{text}");
        }
    }

    #[test]
    fn refuses_what_would_turn_the_client_against_its_user() {
        let registry = "https://registry.example/v2/";
        for (purpose, text, why) in [
            (Purpose::Realm, "http://registry.example/token", "plain http"),
            (Purpose::Redirect, "http://cdn.example/x", "plain http"),
            (Purpose::Redirect, "file:///etc/passwd", "scheme"),
            (Purpose::Redirect, "https://user:pass@cdn.example/", "user name"),
            (Purpose::NextPage, "https://evil.example/v2/a/tags/list", "another host"),
            (Purpose::Redirect, "https://169.254.169.254/latest/meta-data", "private address"),
            (Purpose::Redirect, "https://[::ffff:127.0.0.1]/", "private address"),
            (Purpose::Redirect, "https://[::127.0.0.1]/", "private address"),
            (Purpose::Redirect, "https://[64:ff9b::169.254.169.254]/", "private address"),
            (Purpose::Redirect, "https://[2002:c0a8:0101::1]/", "private address"),
            (Purpose::UploadLocation, "https://localhost:8080/", "private address"),
            (Purpose::Redirect, "https://2130706433/", "private address"),
            (Purpose::Redirect, "https://100.64.1.1/", "private address"),
            (Purpose::Redirect, "https://", "no URL"),
        ] {
            let refused = judge(registry, purpose, text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }

    #[test]
    fn with_a_list_nothing_leads_elsewhere() {
        let base = Url::parse("https://registry.example/v2/").unwrap();
        let policy =
            UrlPolicy::new(base.clone(), []).only(["cdn.example".parse().unwrap(), "s.example:8443".parse().unwrap()]);
        for (text, fine) in [
            ("/v2/a/blobs/uploads/1", true),
            ("https://cdn.example/x", true),
            ("https://cdn.example:443/x", true),
            ("https://s.example:8443/x", true),
            ("https://s.example/x", false),
            ("https://cdn.example.evil.example/x", false),
            ("https://other.example/x", false),
        ] {
            for purpose in [Purpose::Redirect, Purpose::UploadLocation, Purpose::Realm] {
                assert_eq!(policy.judge(purpose, &base, text).is_ok(), fine, "{text}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_named_nothing_leads_from_https_to_http(text in "(https?:|//|/)?\\PC*") {
            for purpose in [Purpose::UploadLocation, Purpose::Redirect, Purpose::NextPage, Purpose::Realm] {
                let base = Url::parse("https://registry.example/v2/").unwrap();
                if let Ok(trusted) = UrlPolicy::new(base.clone(), []).judge(purpose, &base, &text) {
                    assert_eq!(trusted.url.scheme(), "https");
                    assert!(trusted.url.username().is_empty() && trusted.url.password().is_none());
                    assert!(trusted.same_origin || !is_private(&trusted.url));
                }
            }
        }
    }
}
