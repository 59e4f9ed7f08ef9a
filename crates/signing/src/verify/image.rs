//! `Policy::verify` and `Policy::verify_attestation`: an image by its digest, and its children where they are asked for.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use futures::future::{BoxFuture, FutureExt as _, join};
use futures::stream::{self, StreamExt as _};
use lockage_registry::{Digest, RawManifest, Repository, Source};

use super::attestation::{Attestation, VerifiedAttestations};
use super::decide::{Judgement, Met};
use super::examine::{Asked, Judged, Question};
use super::{Accepted, Evidence, Outcome, Rejection, Says, Undecided, Verified};
use crate::format::PredicateType;
use crate::found::{self, Look, Wanted};
use crate::{Error, Policy, Result};

/// How deep an index may lie in another.
const MAX_DEPTH: usize = 8;
/// How many children are looked at at once, and how many requests each has under way.
const CHILDREN_AT_ONCE: usize = 4;
const OF_EACH_CHILD: usize = 2;

impl Policy {
    /// Whether `digest` is signed as this policy asks, now being `now`.
    ///
    /// Signatures of both layouts are read, each judged by itself: one that meets everything is not hidden by others that do
    /// not, nor by what could not be read. Attestations are no signatures. Where the outcome is
    /// [`Verified`](Outcome::Verified), the manifest is there, and its bytes have this digest.
    ///
    /// Without a good signature, whatever could not be read makes it [`Indeterminate`](Outcome::Indeterminate): a registry
    /// error other than 404, a manifest that a list names and the registry does not have, more than the
    /// [`Limits`](crate::policy::Limits) allow. It is [`Unsigned`](Outcome::Unsigned) only where the registry says that
    /// there is none.
    ///
    /// Costs one GET for the manifest, beside what is found: one for the tag `.sig` and one for each payload, one for the list
    /// of referrers (two on a registry without the API, once for a host) and two for each bundle. They are made together,
    /// in three rounds. With [`recursive`](crate::policy::PolicyBuilder::recursive), the same for each child.
    pub async fn verify(&self, source: &dyn Source, repo: &Repository, digest: &Digest, now: SystemTime) -> Outcome {
        self.ask(Asked::Signature, source, repo, digest, now).await.map(Verified::from)
    }

    /// Whether `digest` has attestations of this type as the policy asks, that `judge` is content with.
    ///
    /// The type is that of the signed statement, in full. Each attestation that meets the policy is judged by its predicate;
    /// those that `judge` refuses are rejected with its words. One that passes is enough, or as many as have the policy's
    /// number of distinct signers; another that does not pass takes nothing from it, so that an old attestation goes on
    /// counting after a newer one that fails, unless `judge` looks at the time in it. All that count are returned.
    ///
    /// Claims are compared with the annotations of the statement's subject, which attestations seldom have. Costs as
    /// [`verify`](Self::verify), with `.att` in place of `.sig`.
    ///
    /// Where it is [`Unsigned`](Outcome::Unsigned), there is no attestation of any type. With
    /// [`recursive`](crate::policy::PolicyBuilder::recursive), each child has to have such attestations of its own.
    pub async fn verify_attestation(
        &self,
        source: &dyn Source,
        repo: &Repository,
        digest: &Digest,
        predicate_type: &PredicateType,
        judge: &(dyn Fn(&Attestation) -> Result<(), String> + Sync),
        now: SystemTime,
    ) -> Outcome<VerifiedAttestations> {
        let asked = Asked::Attestation { predicate_type, judge };
        self.ask(asked, source, repo, digest, now).await.map(VerifiedAttestations::from)
    }

    async fn ask(
        &self,
        asked: Asked<'_>,
        source: &dyn Source,
        repo: &Repository,
        digest: &Digest,
        now: SystemTime,
    ) -> Outcome<Met> {
        let mut look = Look::new(source, repo, &self.limits);
        if self.recursive {
            look.at_once = OF_EACH_CHILD;
        }
        let case = Case { question: Question { policy: self, asked, repo, now }, look, children: AtomicUsize::new(0) };
        case.whole(digest.clone(), 0).await
    }
}

/// One verification under way.
struct Case<'a> {
    question: Question<'a>,
    look: Look<'a>,
    /// How many children there were so far.
    children: AtomicUsize,
}

impl Case<'_> {
    /// A manifest, and those below it where they are asked for.
    fn whole(&self, digest: Digest, depth: usize) -> BoxFuture<'_, Outcome<Met>> {
        async move {
            let (manifest, met) = match self.alone(&digest).await {
                (Ok(manifest), Outcome::Verified(met)) => (manifest, met),
                (_, other) => return other,
            };
            if !self.question.policy.recursive {
                return Outcome::Verified(met);
            }
            match self.children(&manifest, depth) {
                Ok(children) => {
                    let jobs: Vec<_> = children
                        .into_iter()
                        .map(|child| async move { (child.clone(), self.whole(child, depth + 1).await) }.boxed())
                        .collect();
                    // Boxed and collected: see rust-lang/rust#102211.
                    met.with(stream::iter(jobs).buffered(CHILDREN_AT_ONCE).collect().await)
                }
                Err(error) => undecided(error),
            }
        }
        .boxed()
    }

    /// The manifest, and whether it meets the policy by itself. Never verified where the manifest could not be read.
    async fn alone(&self, digest: &Digest) -> (Result<RawManifest, ()>, Outcome<Met>) {
        let wanted = match self.question.asked {
            Asked::Signature => Wanted::Signatures,
            Asked::Attestation { .. } => Wanted::Attestations,
        };
        let (manifest, found) = join(self.look.manifest(digest), found::find(&self.look, digest, wanted)).await;
        let mut judgement = Judgement { rejected: found.malformed, errors: found.errors, ..Judgement::default() };
        let manifest = match manifest {
            Ok(manifest) => manifest,
            Err(error) => {
                let Judgement { rejected, mut errors, .. } = judgement;
                errors.insert(0, error);
                return (Err(()), Outcome::Indeterminate(Undecided { errors, rejected }));
            }
        };
        for evidence in found.evidence {
            if let Some(judged) = self.question.examine(digest, evidence).await {
                judgement.add(judged);
            }
        }
        (Ok(manifest), judgement.decide(digest, self.question.policy.threshold))
    }

    /// The children of an index, each once; those included that BuildKit keeps its attestations in.
    fn children(&self, manifest: &RawManifest, depth: usize) -> Result<Vec<Digest>> {
        let mut seen = HashSet::new();
        let view = manifest.view()?;
        let children: Vec<_> = view
            .children()
            .into_iter()
            .map(|child| child.digest.clone())
            .filter(|one| seen.insert(one.clone()))
            .collect();
        let too_much = |what: &str, limit: usize| Error::TooMuch {
            place: self.look.place(manifest.digest()),
            what: what.to_owned(),
            limit: u64::try_from(limit).unwrap_or(u64::MAX),
        };
        if !children.is_empty() && depth >= MAX_DEPTH {
            return Err(too_much("indexes in indexes", MAX_DEPTH));
        }
        let before = self.children.fetch_add(children.len(), Ordering::Relaxed);
        let limit = self.look.limits.children;
        match before.saturating_add(children.len()) > limit {
            true => Err(too_much("children of an index", limit)),
            false => Ok(children),
        }
    }
}

fn undecided(error: Error) -> Outcome<Met> {
    Outcome::Indeterminate(Undecided { errors: vec![error], rejected: Vec::new() })
}

/// One signature or attestation by itself, whatever it is and however many the policy asks for.
///
/// # Errors
/// What kept it from being decided.
pub(crate) async fn judge_one(
    policy: &Policy,
    repo: &Repository,
    now: SystemTime,
    digest: &Digest,
    evidence: Evidence,
) -> Result<Result<Accepted, Rejection>> {
    let predicate_type = match &evidence.says {
        Says::Statement { statement, .. } if !statement.predicate_type.is_signature() => {
            Some(statement.predicate_type.clone())
        }
        _ => None,
    };
    let anything = |_: &Attestation| Ok(());
    let asked = match &predicate_type {
        Some(predicate_type) => Asked::Attestation { predicate_type, judge: &anything },
        None => Asked::Signature,
    };
    let place = evidence.place.clone();
    match (Question { policy, asked, repo, now }).examine(digest, evidence).await {
        Some(Judged::Counts(counts)) => Ok(Ok(counts.accepted)),
        Some(Judged::Not(rejection)) => Ok(Err(rejection)),
        Some(Judged::Undecided(error)) => Err(error),
        // It was asked for by its own type.
        None => Ok(Err(Rejection { place, reasons: Vec::new() })),
    }
}
