//! The hash algorithms that digests are made with.

use std::{fmt, str::FromStr};

use super::error::{NameError, NameKind, NameProblem};
use crate::excerpt::quoted;

/// A hash algorithm registered by the OCI image specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// SHA-256, what practically every registry uses.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// The algorithm as digests spell it: `sha256`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// How many hexadecimal digits a digest of this algorithm has.
    pub fn hex_len(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }

    pub(super) fn read(input: &str) -> Result<Self, NameProblem> {
        match input {
            "sha256" => Ok(Self::Sha256),
            "sha512" => Ok(Self::Sha512),
            "" => Err(NameProblem::Empty),
            _ => Err(match misplaced(input) {
                Some((position, character)) => NameProblem::Character { character, position },
                None => NameProblem::Unsupported { algorithm: quoted(input) },
            }),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = NameError;

    fn from_str(input: &str) -> Result<Self, NameError> {
        Self::read(input).map_err(|problem| NameError::new(NameKind::Algorithm, input, problem))
    }
}

/// The first character that breaks the OCI grammar for algorithms: `[a-z0-9]+([+._-][a-z0-9]+)*`.
fn misplaced(input: &str) -> Option<(usize, char)> {
    let mut inside = false;
    for (position, character) in input.char_indices() {
        match character {
            'a'..='z' | '0'..='9' => inside = true,
            '+' | '.' | '_' | '-' if inside => inside = false,
            _ => return Some((position, character)),
        }
    }
    if inside { None } else { input.char_indices().next_back() }
}
