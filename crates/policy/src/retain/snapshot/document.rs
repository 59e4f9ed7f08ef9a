//! A snapshot as a document, read row by row: no more of it is in memory than the snapshot and a few rows.

use std::fmt;
use std::io::Read;
use std::ops::Range;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::carve::{self, Carver};
use super::fields::{DOCUMENT, Fields, REPOSITORY, misspelt};
use super::rows::Rows;
use super::written::{Row, Written};
use super::{RepositoryId, Snapshot, SnapshotBuilder, SnapshotError};
use crate::retain::parallel;

/// So many rows are read by one thread before it takes others.
const ROWS: usize = 256;

impl Snapshot {
    /// Reads a snapshot from JSON: `{"repositories": [{"name", "manifests": [{"digest", "name", "tags", …}]}]}`.
    ///
    /// Children and subjects are named by `child_digests` and `subject_digest`, or by names and digests in `children` and
    /// `subject`; where both are there, they name the same. What a field does not say is not known. A document may say more than is read, by names that are not like one
    /// of a field that keeps something. The reader needs no buffer of its own.
    ///
    /// # Errors
    /// Where it is none, a row contradicts another one, or a field is misspelt without which more may go.
    pub fn read(reader: impl Read) -> Result<Self, SnapshotError> {
        let mut reading = Reading::default();
        let left = Carver::new(reader).carve(&mut reading)?;
        let mut json = serde_json::Deserializer::from_slice(&left);
        let read = Document(&mut reading).deserialize(&mut json).and_then(|()| json.end());
        if let Some(error) = reading.failed {
            return Err(error);
        }
        read.map_err(|error| SnapshotError::Syntax(error.to_string()))?;
        let mut builder = reading.builder;
        if reading.partial {
            builder.all_incomplete();
        }
        builder.finish()
    }
}

#[derive(Default)]
struct Reading {
    builder: SnapshotBuilder,
    partial: bool,
    failed: Option<SnapshotError>,
    /// The repository whose manifests are read, and whether its name is still to come.
    repository: Option<(RepositoryId, bool)>,
    rows: Rows,
}

impl Reading {
    /// Remembers what failed, which serde's error would not.
    fn failed<E: serde::de::Error>(&mut self, error: SnapshotError) -> E {
        let told = E::custom(&error);
        self.failed = Some(error);
        told
    }

    /// Lets a name be that is no field, unless one is meant by it without which more would go.
    fn other<E: serde::de::Error>(&mut self, place: &str, fields: &Fields, name: &str) -> Result<(), E> {
        match fields.meant(name) {
            Some(meant) => {
                let (place, field) = (place.to_owned(), name.to_owned());
                Err(self.failed(SnapshotError::Misspelt { place, field, meant }))
            }
            None => Ok(()),
        }
    }
}

/// A repository as far as it has a name.
#[derive(Deserialize)]
struct Head {
    name: Option<String>,
}

impl carve::Rows for Reading {
    fn begin(&mut self, repository: &[u8]) -> Result<(), SnapshotError> {
        let mut whole = repository.trim_ascii_end().strip_suffix(b",").unwrap_or(repository).to_vec();
        whole.push(b'}');
        let name = serde_json::from_slice::<Head>(&whole).ok().and_then(|head| head.name);
        self.repository = Some(match name {
            Some(name) => (self.builder.repository(&name)?, false),
            None => (self.builder.unnamed()?, true),
        });
        Ok(())
    }

    fn rows(&mut self, text: &[u8], at: u64, rows: &[Range<usize>]) -> Result<(), SnapshotError> {
        let Some((repository, _)) = self.repository else { return Ok(()) };
        let parts: Vec<&[Range<usize>]> = rows.chunks(ROWS).collect();
        let read = |part: &&[Range<usize>]| part.iter().map(|row| read_row(text, at, row)).collect::<Vec<_>>();
        parallel::each_in_order(&parts, rows.len(), read, |part| {
            part.into_iter().try_for_each(|row| self.rows.take(&mut self.builder, repository, row?))
        })
    }

    fn end(&mut self) -> Result<(), SnapshotError> {
        let Some((repository, _)) = self.repository else { return Ok(()) };
        std::mem::take(&mut self.rows).finish(&mut self.builder, repository)
    }

    fn repository(&mut self, repository: &[u8]) -> Result<(), SnapshotError> {
        if let Some((id, true)) = self.repository.take() {
            let head: Head =
                serde_json::from_slice(repository).map_err(|error| SnapshotError::Syntax(error.to_string()))?;
            // That it has none is said with the rest.
            head.name.map_or(Ok(()), |name| self.builder.call(id, &name))?;
        }
        Ok(())
    }
}

fn read_row<'a>(text: &'a [u8], at: u64, row: &Range<usize>) -> Result<Written<'a>, SnapshotError> {
    let own = text.get(row.clone()).unwrap_or_default();
    serde_json::from_slice(own).map(|Row(row)| row).map_err(|error| {
        let place = format!("the manifest that begins at byte {}", at + row.start as u64);
        let Some((tag, field, meant)) = misspelt(own) else {
            return SnapshotError::Syntax(format!("{error} of {place}"));
        };
        let place = tag.map_or_else(|| place.clone(), |tag| format!("{place}, tags[{tag}]"));
        SnapshotError::Misspelt { place, field, meant }
    })
}

struct Document<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a snapshot with repositories")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "repositories" => {
                    found = true;
                    map.next_value_seed(Repositories(self.0))?;
                }
                // Written twice, it says both.
                "complete" => self.0.partial |= !map.next_value::<bool>()?,
                "taken_at" => {
                    if let Some(at) = map.next_value::<Option<Timestamp>>()? {
                        self.0.builder.taken_at(at);
                    }
                }
                other => {
                    self.0.other("the snapshot", &DOCUMENT, other)?;
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        // A document of something else is not a registry without images.
        if found { Ok(()) } else { Err(A::Error::missing_field("repositories")) }
    }
}

struct Repositories<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for Repositories<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Repositories<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of repositories")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(OneRepository(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

struct OneRepository<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for OneRepository<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneRepository<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a repository with a name and manifests")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut complete, mut tracks, mut id, mut others) = (true, false, None, Vec::new());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" => {
                    let name: String = map.next_value()?;
                    id = Some(self.0.builder.repository(&name).map_err(|error| self.0.failed(error))?);
                }
                // Lists of them have been cut out.
                "manifests" => return Err(A::Error::custom("the manifests of a repository are no list")),
                "complete" => complete &= map.next_value::<bool>()?,
                "tracks_pulls" => tracks = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    others.push(key);
                }
            }
        }
        let Some(repository) = id else { return Err(A::Error::missing_field("name")) };
        let place = self.0.builder.name(repository);
        others.iter().try_for_each(|name| self.0.other(&place, &REPOSITORY, name))?;
        if !complete {
            self.0.builder.incomplete(repository);
        }
        if tracks {
            self.0.builder.tracks_pulls(repository);
        }
        Ok(())
    }
}
