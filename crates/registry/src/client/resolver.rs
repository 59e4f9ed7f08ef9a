//! `Resolver`: a public registry cannot send this client to a private address, whatever name it hides behind.
//!
//! The URL policy sees names. A name of a stranger's may resolve to an address inside this network, so what it resolves to
//! is judged again here, at the moment of the connection.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::answer::Carried;
use super::url_policy::is_private_address;
use crate::{Error, ErrorKind, Result};

/// Resolves names for the client of one registry.
#[derive(Debug)]
pub(super) struct Resolver(Arc<Known>);

#[derive(Debug)]
struct Known {
    registry: String,
    /// Names whose private addresses may be used.
    allowed: BTreeSet<String>,
    /// Whether the registry's own addresses are private, as they were last resolved.
    private: Mutex<bool>,
}

impl Resolver {
    /// For the registry that is reached under `registry`, a name without a port; `private` where that is an address, and
    /// a private one. The addresses of the names in `allowed` may be private.
    pub(super) fn new<'n>(registry: &str, private: bool, allowed: impl Iterator<Item = &'n str>) -> Self {
        let allowed = allowed.map(str::to_owned).collect();
        Self(Arc::new(Known { registry: registry.to_owned(), allowed, private: Mutex::new(private) }))
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let known = Arc::clone(&self.0);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let judged = known.judge(name.as_str(), found.collect()).map_err(Carried::new)?;
            Ok(Box::new(judged.into_iter()) as Addrs)
        })
    }
}

impl Known {
    /// The addresses that may be connected to: all of the registry itself; of others the public ones, unless the registry
    /// is private itself.
    fn judge(&self, name: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>> {
        let mut private = self.private.lock().unwrap_or_else(PoisonError::into_inner);
        if name.eq_ignore_ascii_case(&self.registry) {
            *private = found.iter().any(|address| is_private_address(address.ip()));
            return Ok(found);
        }
        if *private || self.allowed.contains(name) {
            return Ok(found);
        }
        let any = !found.is_empty();
        let public: Vec<_> = found.into_iter().filter(|address| !is_private_address(address.ip())).collect();
        if public.is_empty() && any {
            return Err(Error::new(ErrorKind::UrlRefused, "connect to", name)
                .with_message("a public registry leads there, and it resolves to a private address"));
        }
        Ok(public)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect()
    }

    #[test]
    fn a_public_registry_leads_to_public_addresses_only() {
        let Resolver(known) = Resolver::new("registry.example", false, ["storage.internal"].into_iter());
        let public = addresses(&["203.0.113.7", "2001:db8::7"]);
        assert_eq!(known.judge("registry.example", public.clone()).unwrap(), public);
        assert_eq!(known.judge("cdn.example", public.clone()).unwrap(), public);
        for hidden in ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:192.168.0.1"] {
            let error = known.judge("rebound.example", addresses(&[hidden])).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UrlRefused, "{hidden}");
            // Of a mixture, the public ones.
            let mixed = addresses(&[hidden, "203.0.113.7"]);
            assert_eq!(known.judge("mixed.example", mixed).unwrap(), addresses(&["203.0.113.7"]));
            assert_eq!(known.judge("storage.internal", addresses(&[hidden])).unwrap(), addresses(&[hidden]));
        }
        assert_eq!(known.judge("nowhere.example", Vec::new()).unwrap(), []);
    }

    #[test]
    fn a_private_registry_may_lead_to_its_neighbours() {
        let Resolver(known) = Resolver::new("registry.internal", false, [].into_iter());
        known.judge("registry.internal", addresses(&["10.0.0.2"])).unwrap();
        assert_eq!(known.judge("storage.internal", addresses(&["10.0.0.3"])).unwrap(), addresses(&["10.0.0.3"]));
    }
}
