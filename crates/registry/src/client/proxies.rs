//! `Proxies`: which proxy leads to which registry.

use std::fmt;

use reqwest::{NoProxy, Proxy};
use url::Url;

use crate::{Error, ErrorKind, Result};

/// The proxies that requests go through, by scheme, and the hosts that are reached without one.
///
/// Loopback addresses are never reached through a proxy. A proxy resolves names by itself: what a registry's URLs
/// resolve to can then only be judged where they are written as addresses.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    except: String,
}

impl Proxies {
    /// No proxy.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// All requests go through the proxy at `url`.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] where it is no URL of the schemes http, https or socks5.
    pub fn all(url: &str) -> Result<Self> {
        let url = parse("a proxy", url)?;
        Ok(Self { http: Some(url.clone()), https: Some(url), except: String::new() })
    }

    /// These hosts are reached without a proxy: a list in the form of `NO_PROXY`, separated by commas.
    #[must_use]
    pub fn except(mut self, hosts: impl Into<String>) -> Self {
        self.except = hosts.into();
        self
    }

    /// From variables with the names that are usual: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in lower
    /// case first.
    ///
    /// `HTTP_PROXY` in upper case is not read where `REQUEST_METHOD` is set: there it may be a header of whoever called
    /// (CVE-2016-5385).
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] where one that is set is unusable: it is not passed over.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let either = |lower: &'static str, upper: &'static str| {
            set(lower).map(|value| (lower, value)).or_else(|| set(upper).map(|value| (upper, value)))
        };
        let url = |found: Option<(&'static str, String)>| found.map(|(name, value)| parse(name, &value)).transpose();
        let all = url(either("all_proxy", "ALL_PROXY"))?;
        let called = set("REQUEST_METHOD").is_some();
        let http = if called {
            set("http_proxy").map(|value| ("http_proxy", value))
        } else {
            either("http_proxy", "HTTP_PROXY")
        };
        Ok(Self {
            http: url(http)?.or_else(|| all.clone()),
            https: url(either("https_proxy", "HTTPS_PROXY"))?.or(all),
            except: either("no_proxy", "NO_PROXY").map(|(_, value)| value).unwrap_or_default(),
        })
    }

    /// The proxies themselves, by name: they may have private addresses.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        [&self.http, &self.https].into_iter().flatten().filter_map(Url::host_str)
    }

    /// Has `builder` use these and no others.
    pub(super) fn apply(&self, mut builder: reqwest::ClientBuilder) -> reqwest::Result<reqwest::ClientBuilder> {
        builder = builder.no_proxy();
        if let Some(url) = &self.https {
            builder = builder.proxy(Proxy::https(url.clone())?.no_proxy(NoProxy::from_string(&self.except)));
        }
        if let Some(url) = &self.http {
            builder = builder.proxy(Proxy::http(url.clone())?.no_proxy(NoProxy::from_string(&self.except)));
        }
        Ok(builder)
    }
}

/// A proxy's URL; without a scheme it is http, as everywhere.
fn parse(name: &str, text: &str) -> Result<Url> {
    // The value may carry a password, and is not repeated.
    let bad = |why: &str| {
        Err(Error::new(ErrorKind::Configuration, "use the proxy of", name)
            .with_message(why)
            .with_remedy("Name a proxy as http://HOST:PORT."))
    };
    let text = text.trim();
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let Ok(url) = Url::parse(&whole) else { return bad("it is no URL") };
    match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(_)) => Ok(url),
        (_, None) => bad("it names no host"),
        _ => bad("its scheme is neither http nor https"),
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |url: &Option<Url>| url.as_ref().and_then(|url| url.host_str().map(str::to_owned));
        f.debug_struct("Proxies")
            .field("http", &name(&self.http))
            .field("https", &name(&self.https))
            .field("except", &self.except)
            .finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Proxies> {
        Proxies::from_variables(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn reads_the_usual_variables() {
        for (variables, http, https) in [
            (vec![], None, None),
            (vec![("HTTPS_PROXY", "http://p.example:3128")], None, Some("p.example")),
            (vec![("https_proxy", "low.example:1"), ("HTTPS_PROXY", "http://up.example")], None, Some("low.example")),
            (vec![("ALL_PROXY", "https://s.example:1080")], Some("s.example"), Some("s.example")),
            (vec![("ALL_PROXY", "a.example"), ("http_proxy", "h.example")], Some("h.example"), Some("a.example")),
            (vec![("HTTP_PROXY", "h.example"), ("REQUEST_METHOD", "GET")], None, None),
            (vec![("HTTP_PROXY", "  ")], None, None),
        ] {
            let found = of(&variables).unwrap();
            let name = |url: &Option<Url>| url.as_ref().and_then(Url::host_str).map(str::to_owned);
            assert_eq!((name(&found.http).as_deref(), name(&found.https).as_deref()), (http, https), "{variables:?}");
        }
    }

    #[test]
    fn a_bad_one_is_an_error_that_does_not_repeat_it() {
        for value in
            ["http://user:hunter2@", "ftp://user:hunter2@p.example", "http://user:hunter2@[::", "file:///hunter2"]
        {
            let error = of(&[("HTTPS_PROXY", value)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(
                error.to_string().contains("HTTPS_PROXY") && !format!("{error:?}").contains("hunter2"),
                "{error:?}"
            );
        }
        let fine = of(&[("HTTPS_PROXY", "http://user:hunter2@p.example")]).unwrap();
        assert!(!format!("{fine:?}").contains("hunter2"));
    }
}
