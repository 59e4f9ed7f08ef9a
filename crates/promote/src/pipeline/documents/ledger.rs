//! Where a document keeps the ledger.

use std::fmt;
use std::path::PathBuf;

use lockage_registry::Repository;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Where a document keeps the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LedgerPlace {
    /// In a file.
    File(PathBuf),
    /// In a repository of a registry.
    Repository(LedgerRepository),
}

/// A ledger in a repository of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct LedgerRepository {
    /// The repository.
    pub repository: Repository,
    /// Who may write into it, by the names that the document has for signers; all of them, where it names none.
    #[serde(default)]
    pub signers: Vec<String>,
    /// Whether entries count that nobody has signed.
    #[serde(default)]
    pub unsigned: bool,
    /// What the ledger is called in what is signed, where it is not its repository: one that has moved keeps its name.
    #[serde(default)]
    pub name: Option<String>,
}

/// A file's name, or a table.
impl<'de> Deserialize<'de> for LedgerPlace {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Place;

        impl<'de> Visitor<'de> for Place {
            type Value = LedgerPlace;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a file, or a table with the repository")
            }

            fn visit_str<E>(self, file: &str) -> Result<LedgerPlace, E> {
                Ok(LedgerPlace::File(file.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<LedgerPlace, A::Error> {
                LedgerRepository::deserialize(MapAccessDeserializer::new(table)).map(LedgerPlace::Repository)
            }
        }

        reader.deserialize_any(Place)
    }
}
