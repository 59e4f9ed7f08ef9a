//! `Password`: what opens an encrypted private key.

use std::fmt;

use zeroize::Zeroizing;

/// A password, wiped from memory when it is dropped and in no `Debug`.
///
/// Its bytes are taken as they are, like cosign takes them: a line end that a file or a terminal adds is for the caller to
/// remove. It may be empty, as cosign allows; whoever has the file then has the key.
#[derive(Clone)]
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// The password of these bytes. A `String` or `Vec` is taken over, so that no copy stays behind.
    pub fn new(password: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(password.into()))
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}
