//! `Signers`: who may sign statements, by name, and whether one of them has.

mod chosen;
mod error;
mod hearing;

use std::collections::{BTreeMap, BTreeSet};
#[cfg(feature = "bundle")]
use std::sync::Arc;
use std::time::SystemTime;

use crate::policy::{PolicyBuilder, PolicyError, TrustedKey};
#[cfg(feature = "bundle")]
use crate::trust::{Identity, TrustedRoot};
use crate::{Policy, Verifier};

pub use error::SignersError;

/// Those who may sign approvals, ledger entries and evidence, by the names under which others know them.
///
/// It is promote's [`StatementVerifier`](lockage_promote::statement::StatementVerifier). A statement is somebody's where one
/// signature of theirs is over exactly its bytes, as `application/vnd.in-toto+json`, and meets everything by itself. What is
/// malformed, signed wrongly or by nobody who is known is refused with the reason; what cannot be decided, as by a key
/// service that does not answer, is an error.
///
/// # Who it says has signed
///
/// Quorums count, and groups list, what it answers as the identity:
///
/// * a **key**: its name here. A key has no other.
/// * **one identity**: its name here too, so that groups, ledgers and gates have one name for a person, and it stays where
///   that person changes from a key to an identity.
/// * a **pattern**: the subject that the certificate proves, such as `carol@acme.example`. Many match one pattern; by its
///   name they would all be one person, and two of them no quorum.
///
/// Nobody can take the name of another: a subject that a pattern proves is refused where it reads like a name here, in any
/// case of letters, or where another signer stands for the same subject from another issuer. An identity counts before a
/// pattern that matches it. Two names cannot have one key or one identity.
///
/// # Times
///
/// An identity counts only with a time that a log or a timestamp authority of its root has signed. A key needs none; with a
/// root, log entries and timestamps beside its signature have to be right and say when. The earliest proven time is told. To
/// replace a key, end the old one ([`TrustedKey::until`]) where the new one begins: without a proven time it is `now` that
/// has to lie between them, so what an ended key has signed counts later only with a timestamp.
///
/// # Cost
///
/// No request, unless a key is a service: then one a key until one fits, that first which a bundle names. Checking a key's
/// signature takes some 0.1 ms and one with a certificate, a log entry and a timestamp some 1 ms; each root is asked once,
/// however many identities it vouches for.
///
/// ```
/// # async fn heard(
/// #     alice: impl lockage_signing::Verifier + 'static, bob: impl lockage_signing::Verifier + 'static,
/// #     sealed: lockage_promote::statement::Sealed,
/// # ) -> Result<(), lockage_promote::statement::StatementError> {
/// use lockage_promote::statement::{Checked, StatementVerifier};
/// use lockage_signing::gate::Signers;
///
/// let signers = Signers::new().key("alice", alice)?.key("bob", bob)?;
/// match signers.verify_statement(&sealed).await? {
///     Checked::Signed { by, .. } => println!("{} has signed it", by.identity),
///     Checked::Refused { reason } => println!("{reason}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Signers {
    members: BTreeMap<String, Member>,
    /// The keys, those together that have the same root, or none.
    keys: Vec<Policy>,
    now: Option<SystemTime>,
    /// Names of others, which nobody may bear.
    taken: BTreeSet<String>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) enum Member {
    Key {
        key: TrustedKey,
        #[cfg(feature = "bundle")]
        root: Option<Arc<TrustedRoot>>,
    },
    #[cfg(feature = "bundle")]
    Identity { identity: Box<Identity>, root: Arc<TrustedRoot> },
}

impl Signers {
    /// Nobody, so that every statement is refused.
    pub fn new() -> Self {
        Self::default()
    }

    /// Knows this key by `name`.
    ///
    /// # Errors
    /// [`SignersError`]: where the name, or the key, is somebody's already.
    pub fn key(self, name: impl Into<String>, key: impl Verifier + 'static) -> Result<Self, SignersError> {
        self.trusted_key(name, TrustedKey::new(key))
    }

    /// The same with a key that is believed for a time.
    ///
    /// # Errors
    /// As [`key`](Self::key).
    pub fn trusted_key(self, name: impl Into<String>, key: TrustedKey) -> Result<Self, SignersError> {
        let member = Member::Key {
            key,
            #[cfg(feature = "bundle")]
            root: None,
        };
        self.member(name.into(), member)
    }

    /// The same, with the authorities that prove when it has signed.
    ///
    /// # Errors
    /// As [`key`](Self::key).
    #[cfg(feature = "bundle")]
    pub fn witnessed_key(
        self,
        name: impl Into<String>,
        key: TrustedKey,
        root: impl Into<Arc<TrustedRoot>>,
    ) -> Result<Self, SignersError> {
        self.member(name.into(), Member::Key { key, root: Some(root.into()) })
    }

    /// Knows whom a certificate names so, by `name`; or, where it is a pattern, each by the name that is in their certificate.
    ///
    /// # Errors
    /// As [`key`](Self::key).
    #[cfg(feature = "bundle")]
    pub fn identity(
        self,
        name: impl Into<String>,
        identity: Identity,
        root: impl Into<Arc<TrustedRoot>>,
    ) -> Result<Self, SignersError> {
        self.member(name.into(), Member::Identity { identity: Box::new(identity), root: root.into() })
    }

    /// Judges keys as of this time and not of now, for those that are believed for a time.
    pub fn as_of(self, now: SystemTime) -> Self {
        Self { now: Some(now), ..self }
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    #[cfg(feature = "documents")]
    pub(crate) fn get(&self, name: &str) -> Result<&Member, SignersError> {
        self.members.get(name).ok_or_else(|| SignersError::Unknown {
            name: name.to_owned(),
            known: self.names().map(str::to_owned).collect(),
        })
    }

    /// Who reads like this name.
    fn like(&self, name: &str) -> Option<&str> {
        let others = self.taken.iter().map(String::as_str);
        self.names().chain(others).find(|other| other.eq_ignore_ascii_case(name))
    }

    fn member(self, name: String, member: Member) -> Result<Self, SignersError> {
        if name.is_empty() || name.trim() != name || name.len() > 128 || name.contains(char::is_control) {
            return Err(SignersError::Name { name });
        }
        if let Some(other) = self.like(&name) {
            return Err(SignersError::Twice { other: other.to_owned() });
        }
        self.with_member(name, member)
    }

    /// Adds somebody whose name is nobody else's.
    fn with_member(mut self, name: String, member: Member) -> Result<Self, SignersError> {
        if let Some((other, _)) = self.members.iter().find(|(_, other)| member.is_same(other)) {
            return Err(SignersError::Same { name, other: other.clone() });
        }
        let member = member.named(&name);
        match &member {
            Member::Key { key, .. } => match self.keys.iter_mut().find(|policy| member.has_root_of(policy)) {
                Some(policy) => policy.keys.push(key.clone()),
                None => self.keys.push(member.policy()?),
            },
            #[cfg(feature = "bundle")]
            Member::Identity { .. } => {}
        }
        self.members.insert(name, member);
        Ok(self)
    }
}

impl Member {
    fn named(self, name: &str) -> Self {
        match self {
            #[cfg(feature = "bundle")]
            Self::Key { key, root } => Self::Key { key: key.named(name), root },
            #[cfg(not(feature = "bundle"))]
            Self::Key { key } => Self::Key { key: key.named(name) },
            #[cfg(feature = "bundle")]
            other @ Self::Identity { .. } => other,
        }
    }

    /// What a policy is made of that takes nobody else.
    pub(crate) fn policy(&self) -> Result<Policy, PolicyError> {
        self.join(Policy::builder()).build()
    }

    /// A policy that takes their signatures too. It believes their root, if they have one.
    pub(crate) fn join(&self, policy: PolicyBuilder) -> PolicyBuilder {
        match self {
            #[cfg(not(feature = "bundle"))]
            Self::Key { key } => policy.trusted_key(key.clone()),
            #[cfg(feature = "bundle")]
            Self::Key { key, root } => {
                let policy = policy.trusted_key(key.clone());
                root.iter().fold(policy, |policy, root| policy.trusted_root(root.clone()))
            }
            #[cfg(feature = "bundle")]
            Self::Identity { identity, root } => policy.identity((**identity).clone()).trusted_root(root.clone()),
        }
    }

    #[cfg(feature = "bundle")]
    pub(crate) fn root(&self) -> Option<&Arc<TrustedRoot>> {
        match self {
            Self::Key { root, .. } => root.as_ref(),
            Self::Identity { root, .. } => Some(root),
        }
    }

    /// Whether its signatures are checked as this policy says.
    fn has_root_of(&self, policy: &Policy) -> bool {
        #[cfg(feature = "bundle")]
        {
            self.root().map(Arc::as_ptr) == policy.root.as_ref().map(Arc::as_ptr)
        }
        #[cfg(not(feature = "bundle"))]
        {
            let _ = policy;
            true
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Key { key, .. }, Self::Key { key: other, .. }) => key.public_key() == other.public_key(),
            #[cfg(feature = "bundle")]
            (Self::Identity { identity, .. }, Self::Identity { identity: other, .. }) => identity.is_same(other),
            #[cfg(feature = "bundle")]
            _ => false,
        }
    }
}
