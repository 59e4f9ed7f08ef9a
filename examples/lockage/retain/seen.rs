//! When each tag and manifest was first seen, for registries that tell no times: what was seen then is at least that old.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use lockage_registry::Repository;
use lockage_registry::inventory::Listing;

use crate::report::{Failure, Unusable};

/// A file of such times: one JSON object, by `repository:tag@digest` and `repository@digest`. A tag that moves begins anew.
pub(super) struct Seen {
    file: PathBuf,
    before: BTreeMap<String, Timestamp>,
    now: Timestamp,
    times: BTreeMap<String, Timestamp>,
    asked: BTreeSet<String>,
}

impl Seen {
    /// Of this file, or of none yet.
    pub(super) fn open(file: &Path) -> Result<Self, Failure> {
        let unusable = |error| Failure::usage(&Unusable::of(file)(error));
        let before = match fs::read(file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| unusable(error.into()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(unusable(error.into())),
        };
        let now = Timestamp::now();
        Ok(Self { file: file.to_owned(), before, now, times: BTreeMap::new(), asked: BTreeSet::new() })
    }

    /// Dates what the registry has not. What is not listed was seen for the last time, unless the list is not complete.
    pub(super) fn date(&mut self, repository: &Repository, listing: &mut Listing) {
        if listing.complete {
            self.asked.insert(repository.to_string());
        }
        for tag in &mut listing.tags {
            let seen = self.time(format!("{repository}:{}@{}", tag.name, tag.digest));
            tag.moved_at.get_or_insert(seen);
        }
        for manifest in &mut listing.manifests {
            let seen = self.time(format!("{repository}@{}", manifest.digest));
            manifest.pushed_at.get_or_insert(seen);
        }
    }

    fn time(&mut self, key: String) -> SystemTime {
        let time = self.before.get(&key).copied().unwrap_or(self.now);
        self.times.insert(key, time);
        time.into()
    }

    /// Writes it, whole or not at all.
    pub(super) fn save(mut self) -> Result<(), Failure> {
        let others = self.before.into_iter().filter(|(key, _)| {
            let name = key.rsplit_once('@').map_or(&**key, |(name, _)| name);
            !self.asked.contains(name) && name.rsplit_once(':').is_none_or(|(name, _)| !self.asked.contains(name))
        });
        self.times.extend(others);
        let beside = self.file.with_extension("new");
        let write = || -> Result<(), Box<dyn std::error::Error>> {
            let mut file = fs::File::create(&beside)?;
            serde_json::to_writer_pretty(&mut file, &self.times)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            Ok(fs::rename(&beside, &self.file)?)
        };
        write().map_err(|error| Failure::error(&Unusable::of(&self.file)(error)))
    }
}
