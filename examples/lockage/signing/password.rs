//! The password of a private key, read as cosign reads it: COSIGN_PASSWORD, also where it is empty, or what is piped in.

use std::fmt;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use lockage_signing::key::Password;

use crate::report::{Failure, Unusable};

const VARIABLE: &str = "COSIGN_PASSWORD";

/// More than anybody remembers.
const MOST_BYTES: u64 = 64 * 1024;

/// A private key is encrypted, or is to be, and nobody has said with what.
///
/// cosign asks on a terminal; a pipeline has none. It takes an empty standard input for an empty password, which in a
/// pipeline is more likely to be a secret that is missing.
#[derive(Debug)]
pub(crate) struct NoPassword {
    file: PathBuf,
}

impl NoPassword {
    pub(crate) fn remedy() -> String {
        format!(
            "Set {VARIABLE} (to nothing, where the password is empty), or pipe the password to standard input; a key that \
             is not encrypted (PKCS#8, \"PRIVATE KEY\") needs none."
        )
    }
}

impl fmt::Display for NoPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: there is no password for the private key", self.file.display())
    }
}

impl std::error::Error for NoPassword {}

/// The password for the private key in `file`. Like cosign's, what is piped in counts to its last byte, line end included.
pub(crate) fn read(file: &Path) -> Result<Password, Failure> {
    if let Some(password) = std::env::var_os(VARIABLE) {
        return Ok(Password::new(password.into_encoded_bytes()));
    }
    let mut piped = Vec::new();
    let mut stdin = io::stdin().lock();
    if !stdin.is_terminal() {
        let read = stdin.by_ref().take(MOST_BYTES).read_to_end(&mut piped);
        read.map_err(|error| Failure::usage(&Unusable::of(Path::new("standard input"))(error.into())))?;
    }
    match piped.is_empty() {
        true => Err(Failure::usage(&NoPassword { file: file.to_owned() })),
        false => Ok(Password::new(piped)),
    }
}
