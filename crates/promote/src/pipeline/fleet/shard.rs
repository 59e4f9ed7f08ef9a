//! `Shard`: which of several machines an image is for.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use lockage_registry::{Algorithm, Repository, digest_of};

/// One of several shares of all images. An image is in one of them, by the repository that it goes to: whatever else is
/// promoted, on every machine, and in every version of this crate.
///
/// ```
/// use lockage_promote::pipeline::fleet::Shard;
/// use lockage_registry::Repository;
/// let app: Repository = "prod.example/app".parse()?;
/// let all = (0..4).map(|index| Shard::new(index, 4)).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(all.iter().filter(|shard| shard.has(&app)).count(), 1);
/// assert_eq!("1/4".parse::<Shard>()?, all[1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    total: NonZeroU32,
}

/// A share that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no share: write INDEX/TOTAL, with an index from 0 and below the total")]
pub struct ShardError {
    text: String,
}

impl Shard {
    /// The share `index`, from 0 (`JOB_COMPLETION_INDEX`), of `total`.
    ///
    /// # Errors
    /// Where there is none.
    pub fn new(index: u32, total: u32) -> Result<Self, ShardError> {
        match NonZeroU32::new(total) {
            Some(total) if index < total.get() => Ok(Self { index, total }),
            _ => Err(ShardError { text: format!("{index}/{total}") }),
        }
    }

    /// All in one.
    #[must_use]
    pub fn whole() -> Self {
        Self { index: 0, total: NonZeroU32::MIN }
    }

    /// Whether what goes to `repository` is in this share: by the first eight bytes of the SHA-256 of its name, as a number,
    /// modulo the total.
    #[must_use]
    pub fn has(&self, repository: &Repository) -> bool {
        let digest = digest_of(Algorithm::Sha256, repository.to_string().as_bytes());
        let number = digest.ok().and_then(|digest| u64::from_str_radix(digest.hex().get(..16)?, 16).ok());
        // SHA-256 is always there; were it not, the first share would have everything, and nothing would be lost.
        number.unwrap_or(0) % u64::from(self.total.get()) == u64::from(self.index)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let wrong = || ShardError { text: text.to_owned() };
        let (index, total) = text.split_once('/').ok_or_else(wrong)?;
        Self::new(index.parse().map_err(|_| wrong())?, total.parse().map_err(|_| wrong())?).map_err(|_| wrong())
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.total)
    }
}
