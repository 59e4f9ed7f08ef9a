//! Places: where the files of docker and podman are.

use std::ffi::OsString;
use std::fmt;
use std::io::{ErrorKind as IoErrorKind, Read as _};
use std::path::PathBuf;

use super::{File, unusable};
use crate::Result;
use crate::client::Secret;

/// The variable that holds a document itself.
pub(super) const DOCUMENT: &str = "DOCKER_AUTH_CONFIG";
/// The largest file that is read (4 MiB); real ones are a few kilobytes.
const LIMIT: u64 = 4 * 1024 * 1024;

/// One place.
#[derive(Clone)]
pub(super) enum Place {
    /// The text of [`DOCUMENT`].
    Document(Secret),
    /// A file that somebody named: it must be there.
    Named(PathBuf),
    /// A file that is there where somebody logged in.
    Usual(PathBuf),
}

/// All places, in the order in which they are asked.
pub(super) fn from_variables(variable: &impl Fn(&str) -> Option<OsString>) -> Result<Vec<Place>> {
    let variable = |name| variable(name).filter(|value| !value.is_empty());
    let path = |name| variable(name).map(PathBuf::from);
    let mut places = Vec::new();
    if let Some(text) = variable(DOCUMENT) {
        let text = text.into_string().map_err(|_| unusable(DOCUMENT).with_message("it is not UTF-8"))?;
        places.push(Place::Document(Secret::new(text)));
    }
    if let Some(named) = path("REGISTRY_AUTH_FILE") {
        places.push(Place::Named(named));
        return Ok(places);
    }
    let home = path("HOME").or_else(|| path("USERPROFILE"));
    let under_home = |name| home.as_ref().map(|home| home.join(name));
    let docker = path("DOCKER_CONFIG").or_else(|| under_home(".docker"));
    let runtime = path("XDG_RUNTIME_DIR");
    let config = path("XDG_CONFIG_HOME").or_else(|| under_home(".config"));
    places.extend(docker.map(|directory| Place::Usual(directory.join("config.json"))));
    let podman = [runtime, config].into_iter().flatten();
    places.extend(podman.map(|directory| Place::Usual(directory.join("containers").join("auth.json"))));
    Ok(places)
}

impl Place {
    /// What is there; `None` for a file that need not be there and is not.
    pub(super) fn read(&self) -> Result<Option<File>> {
        let path = match self {
            Self::Document(text) => return self.parsed(text.expose().as_bytes()),
            Self::Named(path) | Self::Usual(path) => path,
        };
        let mut bytes = Vec::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes));
        match read {
            Err(e) if matches!(self, Self::Usual(_)) && e.kind() == IoErrorKind::NotFound => Ok(None),
            Err(e) if e.kind() == IoErrorKind::NotFound => Err(unusable(self)
                .with_message("there is no such file")
                .with_remedy("Name a file that exists, or none to use the places where docker and podman log in.")),
            // A file that may not be read is no absence of credentials.
            Err(e) => Err(unusable(self).with_source(e)),
            Ok(_) if bytes.len() as u64 > LIMIT => {
                Err(unusable(self).with_message(format_args!("larger than {LIMIT} bytes")))
            }
            Ok(_) => self.parsed(&bytes),
        }
    }

    /// The same, without holding up the other tasks of this thread.
    pub(super) async fn read_again(&self) -> Result<Option<File>> {
        if let Self::Document(_) = self {
            return self.read();
        }
        let place = self.clone();
        tokio::task::spawn_blocking(move || place.read()).await.map_err(|e| unusable(self).with_source(e))?
    }

    fn parsed(&self, bytes: &[u8]) -> Result<Option<File>> {
        File::parse(bytes).map(Some).map_err(|at| unusable(self).with_message(at))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(_) => f.write_str(DOCUMENT),
            Self::Named(path) | Self::Usual(path) => path.display().fmt(f),
        }
    }
}
