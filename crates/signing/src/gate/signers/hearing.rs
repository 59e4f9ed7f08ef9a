//! Whether one of the signers has signed a statement, and who.

#[cfg(feature = "bundle")]
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use lockage_promote::statement::{Checked, Sealed, SignedBy, StatementError, StatementVerifier, Unsigned};

#[cfg(feature = "bundle")]
use super::Member;
use super::Signers;
use crate::format::{Bundle, Envelope, FormatError, names};
#[cfg(feature = "bundle")]
use crate::trust::{Certified, Identity, TrustedRoot};
use crate::verify::{Evidence, LegacyProof, Place, Proof, Reason, Says, SignedBy as By, Who, who};

/// How the media types of all versions of bundles begin.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";

#[async_trait]
impl StatementVerifier for Signers {
    async fn verify_statement(&self, sealed: &Sealed) -> Result<Checked, StatementError> {
        let evidence = match open(sealed) {
            Ok(evidence) => evidence,
            Err(reason) => return Ok(Checked::Refused { reason }),
        };
        let heard = self.hear(&evidence).await?;
        let Says::Statement { payload, .. } = evidence.says else {
            return Ok(Checked::Refused { reason: "it is no statement".to_owned() });
        };
        Ok(match heard {
            Ok(by) => Checked::Signed { statement: Bytes::from(payload), by },
            Err(reason) => Checked::Refused { reason },
        })
    }

    fn never_signs_as(&self, identity: &str) -> Option<Unsigned> {
        self.nobody_signs_as(identity).map(|why| Unsigned::new(why, self.who_signs()))
    }
}

/// The one signature of a statement, and what it is over.
fn open(sealed: &Sealed) -> Result<Evidence, String> {
    let Sealed { media_type, bytes, .. } = sealed;
    let text = |error: FormatError| error.to_string();
    let evidence = match media_type.as_str() {
        names::DSSE_ENVELOPE => {
            let envelope = Envelope::parse(bytes).map_err(text)?;
            Evidence::of_envelope(Place::File, envelope, Proof::Legacy(LegacyProof::default())).map_err(text)?
        }
        bundle if bundle.starts_with(BUNDLE) => {
            let bundle = Bundle::parse(bytes).map_err(text)?;
            Evidence::of_bundle(Place::File, bundle).map_err(text)?
        }
        other => return Err(format!("{other:?} is neither a Sigstore bundle nor a DSSE envelope")),
    };
    match &evidence.says {
        Says::Statement { payload_type, .. } if payload_type == names::IN_TOTO => Ok(evidence),
        Says::Statement { payload_type, .. } => Err(format!("an envelope of {payload_type:?}, not {}", names::IN_TOTO)),
        Says::Payload(_) => Err("it is no statement".to_owned()),
    }
}

impl Signers {
    /// Who has signed it; or why nobody who is known has.
    async fn hear(&self, evidence: &Evidence) -> Result<Result<SignedBy, String>, StatementError> {
        let now = self.now.unwrap_or_else(SystemTime::now);
        let (mut reasons, mut undecided) = (Vec::new(), None);
        for policy in &self.keys {
            match who(policy, evidence, now).await {
                Who::Known(signed) => return Ok(by_key(&signed.by, &signed.times)),
                Who::Nobody(why) => reasons.extend(why),
                Who::Undecided(error) => {
                    undecided.get_or_insert(error);
                }
            }
        }
        #[cfg(feature = "bundle")]
        if evidence.has_certificate() {
            match self.certified(evidence) {
                Ok(by) => return Ok(Ok(by)),
                Err(why) => reasons.extend(why),
            }
        }
        match undecided {
            // The key that cannot be asked may be the one.
            Some(error) => Err(Box::new(error)),
            None => Ok(Err(nobody(reasons))),
        }
    }

    /// Whom the certificate names, where it is somebody who is known.
    #[cfg(feature = "bundle")]
    fn certified(&self, evidence: &Evidence) -> Result<SignedBy, Vec<Reason>> {
        let mut reasons = Vec::new();
        for root in self.roots() {
            match root.certified(evidence) {
                Ok(certified) => match self.by_identity(root, &certified) {
                    Ok(by) => return Ok(by),
                    Err(reason) => reasons.push(reason),
                },
                Err(reason) => reasons.push(reason),
            }
        }
        Err(reasons)
    }

    /// The one identity, else the subject of a pattern.
    #[cfg(feature = "bundle")]
    fn by_identity(&self, root: &Arc<TrustedRoot>, certified: &Certified) -> Result<SignedBy, Reason> {
        let Certified { subject, issuer, times, .. } = certified;
        let is_meant =
            |identity: &Identity, of: &Arc<TrustedRoot>| Arc::ptr_eq(root, of) && identity.matches(subject, issuer);
        let stranger = || Reason::Identity { identity: subject.to_string(), issuer: issuer.clone() };
        let mut meant = self.identities().filter(|(_, identity, of)| is_meant(identity, of)).peekable();
        meant.peek().ok_or_else(stranger)?;
        // A name that is proven at no time proves nothing.
        let at = times.first().ok_or_else(|| Reason::Timestamp { why: "no authority has signed a time".to_owned() })?;
        if let Some((name, ..)) = meant.find(|(_, identity, _)| identity.is_one()) {
            return Ok(SignedBy::new(name).at(*at));
        }
        let confused = |why: String| Err(Reason::Certificate { why });
        if let Some(other) = self.like(subject.as_str()) {
            return confused(format!("the name {subject} reads like the signer {other}"));
        }
        let other = self.identities().find(|(_, identity, of)| identity.names(subject) && !is_meant(identity, of));
        if let Some((other, ..)) = other {
            return confused(format!(
                "the name {subject} of {issuer} could be that of another whom {other} stands for"
            ));
        }
        Ok(SignedBy::new(subject.as_str()).at(*at))
    }

    #[cfg(feature = "bundle")]
    pub(super) fn identities(&self) -> impl Iterator<Item = (&str, &Identity, &Arc<TrustedRoot>)> {
        self.members.iter().filter_map(|(name, member)| match member {
            Member::Identity { identity, root } => Some((name.as_str(), &**identity, root)),
            Member::Key { .. } => None,
        })
    }

    /// The roots of identities, each once.
    #[cfg(feature = "bundle")]
    fn roots(&self) -> Vec<&Arc<TrustedRoot>> {
        let mut roots: Vec<&Arc<TrustedRoot>> = Vec::new();
        for (_, _, root) in self.identities() {
            if !roots.iter().any(|other| Arc::ptr_eq(root, other)) {
                roots.push(root);
            }
        }
        roots
    }
}

/// By the name that its policy has for the key.
fn by_key(by: &By, times: &[SystemTime]) -> Result<SignedBy, String> {
    match by {
        By::Key { id: Some(name), .. } => {
            let by = SignedBy::new(name);
            Ok(times.first().map_or(by.clone(), |at| by.at(*at)))
        }
        // No such key is among them: each was given a name.
        other => Err(format!("{other} has no name")),
    }
}

/// In one line; that one key is not another is no reason of its own.
fn nobody(reasons: Vec<Reason>) -> String {
    let mut said: Vec<String> =
        reasons.iter().filter(|reason| **reason != Reason::UnknownKey).map(ToString::to_string).collect();
    said.dedup();
    match said.as_slice() {
        [] => "nobody who is known has signed it".to_owned(),
        said => format!("nobody who is known has signed it: {}", said.join("; ")),
    }
}
