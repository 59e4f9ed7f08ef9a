//! `TrustedKey`: a key, its name, and from when until when it is believed.

use std::ops::Bound;
use std::sync::Arc;
use std::time::SystemTime;

use crate::{PublicKey, Verifier};

/// A key that a policy takes signatures of.
#[derive(Clone, Debug)]
#[must_use]
pub struct TrustedKey {
    pub(crate) id: Option<String>,
    pub(crate) verifier: Arc<dyn Verifier>,
    from: Option<SystemTime>,
    until: Option<SystemTime>,
}

impl TrustedKey {
    /// A key that is believed at all times.
    pub fn new(key: impl Verifier + 'static) -> Self {
        Self { id: None, verifier: Arc::new(key), from: None, until: None }
    }

    /// Gives it a name, which verdicts tell.
    pub fn named(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Believes it from this time on.
    pub fn from(mut self, from: SystemTime) -> Self {
        self.from = Some(from);
        self
    }

    /// Believes it before this time.
    ///
    /// A signature counts as made at the times that an authority has signed, and where there is none, now: whoever has a
    /// retired key can write any date.
    pub fn until(mut self, until: SystemTime) -> Self {
        self.until = Some(until);
        self
    }

    /// The key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        self.verifier.public_key()
    }

    /// Whether a signature of this time is believed.
    #[must_use]
    pub fn is_valid_at(&self, time: SystemTime) -> bool {
        let from = self.from.map_or(Bound::Unbounded, Bound::Included);
        let until = self.until.map_or(Bound::Unbounded, Bound::Excluded);
        std::ops::RangeBounds::contains(&(from, until), &time)
    }
}
