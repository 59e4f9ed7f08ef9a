//! The digest: the one name that cannot come to mean something else.

use std::{fmt::Write, str::FromStr, sync::Arc};

use super::{
    algorithm::Algorithm,
    error::{NameError, NameKind, NameProblem},
};

/// The digest of some bytes: an algorithm and lower-case hexadecimal digits, `sha256:2b2e92…`.
///
/// Cloning is cheap: clones share one text.
///
/// ```
/// use lockage_tagging::{Algorithm, Digest};
///
/// let digest = Digest::from_bytes(Algorithm::Sha256, &[0xab; 32])?;
/// assert_eq!(digest.short(), "abababababab");
/// assert_eq!(digest, digest.to_string().parse::<Digest>()?);
/// # Ok::<(), lockage_tagging::NameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(Arc<str>);

impl Digest {
    /// How many digits [`short`](Self::short) shows.
    const SHORT: usize = 12;

    /// Names the result of hashing with `algorithm`.
    ///
    /// # Errors
    ///
    /// When `hash` is not as long as the algorithm's results are.
    pub fn from_bytes(algorithm: Algorithm, hash: &[u8]) -> Result<Self, NameError> {
        let mut text = format!("{algorithm}:");
        for byte in hash {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text.parse()
    }

    /// The algorithm that made the digest.
    pub fn algorithm(&self) -> Algorithm {
        // Each has been checked to be of one of the two.
        if self.0.starts_with("sha512") { Algorithm::Sha512 } else { Algorithm::Sha256 }
    }

    /// The hexadecimal digits, without the algorithm.
    pub fn hex(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, hex)| hex)
    }

    /// The whole digest: `sha256:<hex>`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve hexadecimal digits, for people. Never compare or look up by these.
    pub fn short(&self) -> &str {
        self.hex().get(..Self::SHORT).unwrap_or_default()
    }
}

impl FromStr for Digest {
    type Err = NameError;

    fn from_str(input: &str) -> Result<Self, NameError> {
        check(input).map_err(|problem| NameError::new(NameKind::Digest, input, problem))?;
        Ok(Self(input.into()))
    }
}

text_conversions!(Digest);
name_conversions!(Digest, "a digest such as sha256:<64 hexadecimal digits>");

fn check(input: &str) -> Result<(), NameProblem> {
    if input.is_empty() {
        return Err(NameProblem::Empty);
    }
    let Some((name, encoded)) = input.split_once(':').filter(|(name, _)| !name.is_empty()) else {
        return Err(NameProblem::NoAlgorithm);
    };
    if encoded.is_empty() {
        return Err(NameProblem::Dangling { separator: ':' });
    }
    let check_characters = |legal: fn(char) -> bool| {
        NameProblem::check_characters(encoded, legal).map_err(|problem| problem.shifted(name.len() + 1))
    };
    let algorithm = match Algorithm::read(name) {
        Ok(algorithm) => algorithm,
        Err(problem @ NameProblem::Unsupported { .. }) => {
            check_characters(is_encoded)?;
            return Err(problem);
        }
        Err(problem) => return Err(problem),
    };
    // What is too short is an abbreviation or a stand-in, whatever characters it is made of.
    if encoded.len() >= algorithm.hex_len() {
        check_characters(is_lower_hex)?;
    }
    if encoded.len() != algorithm.hex_len() {
        return Err(NameProblem::HexLength { algorithm, found: encoded.chars().count() });
    }
    Ok(())
}

/// What the digests of sha256 and sha512 are written with.
pub(super) fn is_lower_hex(character: char) -> bool {
    matches!(character, '0'..='9' | 'a'..='f')
}

/// What the OCI grammar lets the digests of any algorithm be written with.
fn is_encoded(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '=' | '_' | '-')
}
