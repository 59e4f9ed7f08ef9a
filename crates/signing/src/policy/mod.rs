//! `Policy`: whose signatures are taken, how many, and what they have to say.

pub(crate) mod claim;
mod error;
mod key;
mod limits;
mod reference;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Verifier;

pub use error::PolicyError;
pub use key::TrustedKey;
pub use limits::Limits;
pub use reference::ReferenceRule;

/// Who has to have signed, and what every one of those signatures has to fulfil.
///
/// A signature counts only if it, by itself, meets everything; signatures are never put together. A policy that asks for
/// nobody cannot be built, so there is none that everything passes.
#[derive(Clone, Debug)]
#[must_use]
pub struct Policy {
    pub(crate) keys: Vec<TrustedKey>,
    #[cfg(feature = "bundle")]
    pub(crate) identities: Vec<crate::trust::Identity>,
    #[cfg(feature = "bundle")]
    pub(crate) root: Option<std::sync::Arc<crate::trust::TrustedRoot>>,
    pub(crate) threshold: usize,
    pub(crate) claims: BTreeMap<String, Value>,
    pub(crate) reference: ReferenceRule,
    pub(crate) log: bool,
    pub(crate) timestamp: bool,
    pub(crate) recursive: bool,
    pub(crate) limits: Limits,
}

/// A policy that is being written.
#[derive(Clone, Debug)]
#[must_use]
pub struct PolicyBuilder(Policy);

impl Policy {
    /// A policy to be written. [`build`](PolicyBuilder::build) refuses it while it asks for nobody.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder(Self {
            keys: Vec::new(),
            #[cfg(feature = "bundle")]
            identities: Vec::new(),
            #[cfg(feature = "bundle")]
            root: None,
            threshold: 1,
            claims: BTreeMap::new(),
            reference: ReferenceRule::Ignore,
            log: false,
            timestamp: false,
            recursive: false,
            limits: Limits::default(),
        })
    }

    /// One signature by this key.
    ///
    /// # Errors
    /// None that can happen: the policy asks for somebody.
    pub fn of_key(key: impl Verifier + 'static) -> Result<Self, PolicyError> {
        Self::builder().key(key).build()
    }
}

impl PolicyBuilder {
    /// Takes signatures of this key, at any time.
    pub fn key(self, key: impl Verifier + 'static) -> Self {
        self.trusted_key(TrustedKey::new(key))
    }

    /// Takes signatures of this key.
    pub fn trusted_key(mut self, key: TrustedKey) -> Self {
        self.0.keys.push(key);
        self
    }

    /// Takes signatures of whom a certificate names so.
    #[cfg(feature = "bundle")]
    pub fn identity(mut self, identity: crate::trust::Identity) -> Self {
        self.0.identities.push(identity);
        self
    }

    /// Believes the authorities of this root: what certificates, logs and timestamps are checked against.
    #[cfg(feature = "bundle")]
    pub fn trusted_root(mut self, root: impl Into<std::sync::Arc<crate::trust::TrustedRoot>>) -> Self {
        self.0.root = Some(root.into());
        self
    }

    /// Asks for so many distinct signers; 1 unless said otherwise. One key, or one identity, counts once.
    pub fn threshold(mut self, signers: usize) -> Self {
        self.0.threshold = signers;
        self
    }

    /// Asks that the signature claims this: a string, a number or a boolean. A number equals the string that spells it.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.claims.insert(name.into(), value.into());
        self
    }

    /// Looks at where the image was when it was signed. Bundles do not say it, so all rules but
    /// [`Ignore`](ReferenceRule::Ignore) refuse them.
    pub fn docker_reference(mut self, rule: ReferenceRule) -> Self {
        self.0.reference = rule;
        self
    }

    /// Asks for an entry in a transparency log of the trusted root.
    #[cfg(feature = "bundle")]
    pub fn require_log(mut self) -> Self {
        self.0.log = true;
        self
    }

    /// Asks for a time that an authority of the trusted root has signed.
    #[cfg(feature = "bundle")]
    pub fn require_timestamp(mut self) -> Self {
        self.0.timestamp = true;
        self
    }

    /// Asks it of every child of an index too.
    pub fn recursive(mut self) -> Self {
        self.0.recursive = true;
        self
    }

    /// Reads no more than this.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.0.limits = limits;
        self
    }

    /// The policy.
    ///
    /// # Errors
    /// Where it asks for nobody, for more signers than it knows, or for what cannot be checked.
    pub fn build(self) -> Result<Policy, PolicyError> {
        let Self(policy) = self;
        policy.check().map(|()| policy)
    }
}

impl Policy {
    fn check(&self) -> Result<(), PolicyError> {
        let mut keys: Vec<_> = self.keys.iter().map(|key| key.public_key()).collect();
        keys.sort_unstable();
        keys.dedup();
        if self.threshold == 0 {
            return Err(PolicyError::NoSigner);
        }
        if let Some((name, _)) = self.claims.iter().find(|(_, value)| !claim::is_scalar(value)) {
            return Err(PolicyError::Claim { name: name.clone() });
        }
        #[cfg(feature = "bundle")]
        {
            let needs_root = !self.identities.is_empty() || self.log || self.timestamp;
            if needs_root && self.root.is_none() {
                return Err(PolicyError::NoRoot);
            }
            // One identity may be a pattern that many match.
            if !self.identities.is_empty() {
                return Ok(());
            }
        }
        match keys.len() {
            0 => Err(PolicyError::NoSigner),
            known if known < self.threshold => Err(PolicyError::TooFew { known, asked: self.threshold }),
            _ => Ok(()),
        }
    }
}
