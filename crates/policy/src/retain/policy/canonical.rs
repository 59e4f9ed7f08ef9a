//! The hash of a policy: the same for the same rules, whatever order they were written in.

use sha2::{Digest as _, Sha256};

use super::Policy;
use crate::retain::DigestKey;

impl Policy {
    /// The hash of the policy.
    #[must_use]
    pub fn digest(&self) -> DigestKey {
        // A policy holds nothing that JSON cannot say, so this never is the hash of nothing.
        let text = serde_json::to_vec(self).unwrap_or_default();
        DigestKey::sha256(Sha256::digest(text).into())
    }

    /// The hash of the policy where another system's, which has this hash, decides in place of its rules.
    #[must_use]
    pub fn digest_with(&self, imported: DigestKey) -> DigestKey {
        DigestKey::sha256(Sha256::digest(format!("{}\n{imported}\n", self.digest())).into())
    }
}
