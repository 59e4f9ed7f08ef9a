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
}
