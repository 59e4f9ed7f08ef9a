//! `Statement`: what is said (the predicate) about what (the subjects): in-toto attestation framework.

use std::collections::BTreeMap;

use lockage_tagging::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::strict::{self, Object, Shape};
use super::{FormatError, PredicateType, TypedPredicate};

/// Which `_type` a statement has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the framework has these two")]
pub enum StatementVersion {
    /// `https://in-toto.io/Statement/v0.1`.
    V01,
    /// `https://in-toto.io/Statement/v1`.
    #[default]
    V1,
}

/// An in-toto statement. The predicate keeps the bytes that it came with.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Statement {
    /// The `_type`.
    #[serde(rename = "_type")]
    pub version: StatementVersion,
    /// What it is about.
    pub subject: Vec<Subject>,
    /// What kind of predicate it is.
    #[serde(rename = "predicateType")]
    pub predicate_type: PredicateType,
    /// What is said, in JSON.
    pub predicate: Box<RawValue>,
}

/// What a statement is about: a resource descriptor, of which these fields are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Subject {
    /// A name, which identifies nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Hashes by algorithm, in hex.
    pub digest: BTreeMap<String, String>,
    /// Where cosign puts the claims of a signature.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "_type")]
    version: StatementVersion,
    subject: Vec<Object<Descriptor>>,
    #[serde(rename = "predicateType")]
    predicate_type: PredicateType,
    predicate: Box<RawValue>,
}

#[derive(Deserialize)]
struct Descriptor {
    name: Option<String>,
    digest: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, Value>>,
}

const SHAPE: Shape = Shape::Fields(&[
    ("_type", Shape::Any),
    ("subject", Shape::Fields(&[("name", Shape::Any), ("digest", Shape::Any), ("annotations", Shape::Exact)])),
    ("predicateType", Shape::Any),
    ("predicate", Shape::Any),
]);

impl Statement {
    /// How many subjects a statement may have.
    pub const MAX_SUBJECTS: usize = 1024;

    /// A statement about one image. `predicate` is JSON, and stays as it is, byte for byte.
    ///
    /// # Errors
    /// Where `predicate` is not one JSON value, or could be read in two ways: a field that is there twice, half a surrogate
    /// pair.
    pub fn new(subject: Subject, predicate_type: PredicateType, predicate: &str) -> Result<Self, FormatError> {
        strict::unambiguous("predicate", predicate, Shape::Any)?;
        let predicate = RawValue::from_string(predicate.trim_ascii().to_owned())
            .map_err(|error| FormatError::new("predicate", error.to_string()))?;
        Ok(Self { version: StatementVersion::V1, subject: vec![subject], predicate_type, predicate })
    }

    /// The same in another version.
    #[must_use]
    pub fn version(mut self, version: StatementVersion) -> Self {
        self.version = version;
        self
    }

    /// Reads a statement.
    ///
    /// # Errors
    /// Where it is no statement of either version, has no subject or more than
    /// [`MAX_SUBJECTS`](Self::MAX_SUBJECTS), or a subject without a digest. What a subject is hashed with is up to
    /// [`about`](Self::about): one without a SHA-256 is about no image that has one.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let Document { version, subject, predicate_type, predicate } = strict::document("statement", bytes, SHAPE)?;
        let subject: Vec<_> = subject.into_iter().map(|Object(subject)| Subject::from(subject)).collect();
        let why = match subject.len() {
            0 => "it has no subject".to_owned(),
            many if many > Self::MAX_SUBJECTS => format!("it has {many} subjects"),
            _ if subject.iter().any(|subject| subject.digest.is_empty()) => "a subject has no digest".to_owned(),
            _ => return Ok(Self { version, subject, predicate_type, predicate }),
        };
        Err(FormatError::new("statement", why))
    }

    /// The statement in JSON, in cosign's order.
    ///
    /// # Errors
    /// None that can happen: a statement is always JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        serde_json::to_vec(self).map_err(|error| FormatError::new("statement", error.to_string()))
    }

    /// What it says, by its type.
    ///
    /// # Errors
    /// As [`TypedPredicate::read`].
    pub fn typed_predicate(&self) -> Result<TypedPredicate, FormatError> {
        TypedPredicate::read(&self.predicate_type, &self.predicate)
    }

    /// The subject whose digest is `digest`, if there is one.
    #[must_use]
    pub fn about(&self, digest: &Digest) -> Option<&Subject> {
        self.subject.iter().find(|subject| subject.is(digest))
    }
}

impl PartialEq for Statement {
    /// Two are equal where what they say is, and their predicates are byte for byte.
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version
            && self.subject == other.subject
            && self.predicate_type == other.predicate_type
            && self.predicate.get() == other.predicate.get()
    }
}

impl From<Descriptor> for Subject {
    fn from(Descriptor { name, digest, annotations }: Descriptor) -> Self {
        let (digest, annotations) = (digest.unwrap_or_default(), annotations.unwrap_or_default());
        Self { name: name.unwrap_or_default(), digest, annotations }
    }
}

impl Subject {
    /// The subject that `digest` is.
    #[must_use]
    pub fn new(digest: &Digest) -> Self {
        let digest = BTreeMap::from([(digest.algorithm().to_string(), digest.hex().to_owned())]);
        Self { digest, ..Self::default() }
    }

    /// The same with a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Whether it is what `digest` names.
    #[must_use]
    pub fn is(&self, digest: &Digest) -> bool {
        self.digest.get(&digest.algorithm().to_string()).is_some_and(|hex| hex == digest.hex())
    }
}

impl Serialize for StatementVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::V01 => "https://in-toto.io/Statement/v0.1",
            Self::V1 => "https://in-toto.io/Statement/v1",
        })
    }
}

impl<'de> Deserialize<'de> for StatementVersion {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        match String::deserialize(reader)?.as_str() {
            "https://in-toto.io/Statement/v0.1" => Ok(Self::V01),
            "https://in-toto.io/Statement/v1" => Ok(Self::V1),
            other => Err(serde::de::Error::custom(format_args!("a statement of an unknown type, {other:?}"))),
        }
    }
}
