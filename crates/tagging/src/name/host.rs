//! The host: which registry a name lives in.

use std::{
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
    sync::Arc,
};

use super::error::{NameError, NameKind, NameProblem};
use crate::excerpt::quoted;

/// What `docker.io` was once called; engines still write it into their configuration.
const LEGACY_DOCKER_HUB: &str = "index.docker.io";

/// The most characters that the domain name system has room for.
const NAME_LIMIT: usize = 253;

/// The authority of a registry: a domain name, an IPv4 address or an IPv6 address in brackets,
/// and perhaps a port.
///
/// Host names do not depend on case ([RFC 3986, 3.2.2]), so they are held in lower case, and a
/// port is held without leading zeros. `index.docker.io` is held as `docker.io`. An address is
/// otherwise kept as it was written: `[::1]` and `[0::1]` are different hosts here.
///
/// ```
/// use lockage_tagging::Host;
///
/// let host: Host = "Registry.Example:5000".parse()?;
/// assert_eq!(host, "registry.example:5000");
/// assert_eq!((host.name(), host.port()), ("registry.example", Some(5000)));
/// # Ok::<(), lockage_tagging::NameError>(())
/// ```
///
/// [RFC 3986, 3.2.2]: https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(Arc<str>);

impl Host {
    /// What `docker.io` is called everywhere in this crate.
    pub(super) const DOCKER_HUB: &str = "docker.io";

    /// `docker.io`, the registry that a name without a host belongs to.
    pub fn docker_hub() -> Self {
        Self(Self::DOCKER_HUB.into())
    }

    /// The whole authority: `registry.example:5000`, `[::1]:5000`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host without its port, and an IPv6 address without its brackets.
    pub fn name(&self) -> &str {
        let (name, _) = split_port(&self.0);
        name.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, where one was written.
    pub fn port(&self) -> Option<u16> {
        let (_, port) = split_port(&self.0);
        port?.parse().ok()
    }

    /// Whether the host is the machine that asks: `localhost`, `127.0.0.0/8` or `::1`.
    ///
    /// This looks at the text only. A name that merely resolves to such an address is not loopback.
    pub fn is_loopback(&self) -> bool {
        let name = self.name();
        name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }

    /// Whether the host can stand before a path without being read as the path's first component.
    pub(super) fn is_unmistakable(&self) -> bool {
        names_host(&self.0)
    }
}

impl FromStr for Host {
    type Err = NameError;

    fn from_str(input: &str) -> Result<Self, NameError> {
        match normalize(input) {
            Ok(text) if text == LEGACY_DOCKER_HUB => Ok(Self::docker_hub()),
            Ok(text) => Ok(Self(text.into())),
            Err(problem) => Err(NameError::new(NameKind::Host, input, problem)),
        }
    }
}

text_conversions!(Host);
name_conversions!(Host, "a registry's host such as registry.example:5000");

/// Whether the first component of a name is a host rather than the start of a path.
pub(super) fn names_host(component: &str) -> bool {
    component.contains(['.', ':', '[']) || component.eq_ignore_ascii_case("localhost")
}

fn normalize(input: &str) -> Result<String, NameProblem> {
    if input.is_empty() {
        return Err(NameProblem::Empty);
    }
    let (name, port) = split_port(input);
    match name.strip_prefix('[') {
        Some(address) => check_ipv6(name, address)?,
        None => check_domain(name)?,
    }
    let name = name.to_ascii_lowercase();
    match port {
        None => Ok(name),
        Some("") => Err(NameProblem::Dangling { separator: ':' }),
        Some(port) => Ok(format!("{name}:{}", parse_port(port)?)),
    }
}

/// Parts a host from its port. The colons inside of brackets belong to the address.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (authority, None),
    }
}

fn parse_port(port: &str) -> Result<u16, NameProblem> {
    let number = if port.bytes().all(|byte| byte.is_ascii_digit()) { port.parse().ok() } else { None };
    number.filter(|number| *number != 0).ok_or_else(|| NameProblem::Port { port: quoted(port) })
}

/// Addresses with a dotted tail (`::ffff:10.0.0.1`) and with a zone are refused: container
/// engines do not read them.
fn check_ipv6(bracketed: &str, address: &str) -> Result<(), NameProblem> {
    let address = address.strip_suffix(']').filter(|address| !address.contains('.'));
    match address.map(str::parse::<Ipv6Addr>) {
        Some(Ok(_)) => Ok(()),
        _ => Err(NameProblem::Address { address: quoted(bracketed) }),
    }
}

fn check_domain(name: &str) -> Result<(), NameProblem> {
    if name.len() > NAME_LIMIT {
        return Err(NameProblem::TooLong { length: name.len(), limit: NAME_LIMIT });
    }
    NameProblem::check_characters(name, |character| {
        character.is_ascii_alphanumeric() || matches!(character, '.' | '-')
    })?;
    let malformed = |label: &&str| label.is_empty() || label.starts_with('-') || label.ends_with('-');
    match name.split('.').find(malformed) {
        Some(label) => Err(NameProblem::Component { component: quoted(label) }),
        None => Ok(()),
    }
}
