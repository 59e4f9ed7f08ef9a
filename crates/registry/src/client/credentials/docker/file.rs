//! `File`: what docker's `config.json` and podman's `auth.json` say.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use lockage_tagging::{Host, Repository};
use serde::{Deserialize, Deserializer};

use super::{Credentials, keys, unusable};
use crate::{Error, Result, json};

/// Tools leave out the padding, and never mean anything by it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A file, as far as credentials go.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct File {
    #[serde(deserialize_with = "or_default")]
    auths: BTreeMap<String, Option<Entry>>,
    #[serde(deserialize_with = "or_default")]
    creds_store: String,
    #[serde(deserialize_with = "or_default")]
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Entry {
    #[serde(deserialize_with = "or_default")]
    auth: String,
    #[serde(deserialize_with = "or_default")]
    username: String,
    #[serde(deserialize_with = "or_default")]
    password: String,
    #[serde(deserialize_with = "or_default")]
    identitytoken: String,
    #[serde(deserialize_with = "or_default")]
    registrytoken: String,
}

/// `null` is what some tools write for nothing.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Where a file stops to make sense. The parser's own message could repeat a password.
#[derive(Debug)]
pub(crate) struct NotAFile {
    line: usize,
    column: usize,
}

impl fmt::Display for NotAFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not docker's config.json at line {} column {}", self.line, self.column)
    }
}

impl File {
    /// Reads a document. An empty one says nothing, as `/dev/null` and a file that was only touched do for docker.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, NotAFile> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        json::document(bytes).map_err(|e| NotAFile { line: e.line(), column: e.column() })
    }

    /// Whether each entry can be used.
    pub(super) fn check(&self, place: &dyn fmt::Display) -> Result<()> {
        self.auths.keys().try_for_each(|key| self.login(key, place).map(drop))
    }

    /// The helper for this host alone, and the key under which it is named.
    pub(super) fn helper_for(&self, host: &Host) -> Option<(&str, &str)> {
        let keys = keys::of_host(host);
        let exact = keys.iter().find_map(|key| self.cred_helpers.get_key_value(*key));
        let found = exact.or_else(|| self.cred_helpers.iter().find(|(key, _)| keys.contains(&keys::authority(key))));
        found.map(|(key, name)| (name.as_str(), key.as_str()))
    }

    /// The helper for all other hosts.
    pub(super) fn store(&self) -> Option<&str> {
        Some(self.creds_store.as_str()).filter(|name| !name.is_empty())
    }

    /// The login of the repository, or of a namespace above it.
    pub(super) fn for_path(&self, repository: &Repository, place: &dyn fmt::Display) -> Result<Option<Credentials>> {
        for key in keys::of_path(repository) {
            if let Some(found) = self.login(&key, place)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The login of the host.
    pub(super) fn for_host(&self, host: &Host, place: &dyn fmt::Display) -> Result<Option<Credentials>> {
        let keys = keys::of_host(host);
        let old = self.auths.keys().map(String::as_str).filter(|key| keys.contains(&keys::authority(key)));
        for key in keys.iter().copied().chain(old) {
            if let Some(found) = self.login(key, place)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// What `auths` holds under `key`. Docker leaves an empty entry behind where a helper holds the login.
    fn login(&self, key: &str, place: &dyn fmt::Display) -> Result<Option<Credentials>> {
        let Some(Some(entry)) = self.auths.get(key) else { return Ok(None) };
        entry.login(&format!("{place} (auths {key:?})"))
    }
}

impl Entry {
    fn login(&self, origin: &str) -> Result<Option<Credentials>> {
        if !self.identitytoken.is_empty() {
            return Ok(Some(Credentials::identity_token(origin, &self.identitytoken)));
        }
        if !self.registrytoken.is_empty() {
            return Ok(Some(Credentials::bearer(origin, &self.registrytoken)));
        }
        if !self.auth.is_empty() {
            let (username, password) = pair(&self.auth).map_err(|why| bad(origin, why))?;
            return Ok(Some(Credentials::password(origin, username, password)));
        }
        if !self.username.is_empty() {
            return Ok(Some(Credentials::password(origin, &self.username, &self.password)));
        }
        Ok(None)
    }
}

/// `auth` is base64 of `user:password`, broken into lines and ended with NUL bytes by some tools.
fn pair(auth: &str) -> Result<(String, String), &'static str> {
    let text: String = auth.chars().filter(|c| !matches!(c, '\0' | '\r' | '\n')).collect();
    let bytes = BASE64.decode(text.trim()).map_err(|_| "`auth` is not base64")?;
    let pair = String::from_utf8(bytes).map_err(|_| "`auth` is not text")?;
    let (username, password) = pair.split_once(':').ok_or("`auth` is not user:password")?;
    if username.is_empty() {
        return Err("`auth` has no user name");
    }
    Ok((username.to_owned(), password.trim_end_matches('\0').to_owned()))
}

fn bad(origin: &str, why: &str) -> Error {
    unusable(origin).with_message(why).with_remedy("Log in to this registry again, or remove the entry.")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>, auth in "\\PC*") {
            drop(File::parse(&bytes));
            drop(pair(&auth));
        }

        #[test]
        fn what_docker_writes_is_read_with_or_without_padding(user in "[^:\0]+", password in "[^\0]*", nuls in 0_usize..3) {
            let text = format!("{user}:{password}{}", "\0".repeat(nuls));
            let written = base64::engine::general_purpose::STANDARD.encode(text);
            for auth in [written.as_str(), written.trim_end_matches('=')] {
                proptest::prop_assert_eq!(pair(auth).unwrap(), (user.clone(), password.clone()));
            }
        }
    }
}
