//! Writing evidence: what is there and counts is used, and the rest is signed and attached, the image's own result last.

use std::time::SystemTime;

use futures::future::try_join_all;
use lockage_registry::{Descriptor, Digest, RawManifest, Repository, Target};
use serde_json::Value;

use super::read::{Attached, Said, attached};
use super::statement::{Statement, time};
use super::store::{Kept, Store};
use super::{EvidenceError, EvidenceReceipt, EvidenceSigning, SVR, StatementReceipt, Summary, VSA, vsa};
use crate::Clearance;
use crate::pipeline::Passage;
use crate::pipeline::approval::Sealed;

/// What evidence is written of.
pub(in crate::pipeline) struct Written<'a> {
    pub(in crate::pipeline) signing: &'a EvidenceSigning,
    pub(in crate::pipeline) target: &'a dyn Target,
    pub(in crate::pipeline) repo: &'a Repository,
    pub(in crate::pipeline) passage: &'a Passage,
    pub(in crate::pipeline) plan: &'a Digest,
    pub(in crate::pipeline) policy: Digest,
    pub(in crate::pipeline) clearances: &'a [Clearance],
    pub(in crate::pipeline) root: &'a RawManifest,
    pub(in crate::pipeline) now: SystemTime,
}

/// A statement that has to be there.
struct Wanted {
    predicate_type: String,
    subjects: Vec<Digest>,
    said: Kind,
}

enum Kind {
    Summary(Summary),
    Vsa(Value),
    Raw(Value),
}

/// A statement that is there: signed, and what it is attached to by which manifest.
#[derive(Default)]
struct There {
    sealed: Option<Sealed>,
    at: Vec<(Digest, Digest)>,
}

/// Sees to it that everything is there: one list of referrers a manifest, two requests for each statement on it, and for each
/// that is missing a signature, an upload and a PUT a manifest.
pub(in crate::pipeline) async fn write(asked: &Written<'_>) -> Result<EvidenceReceipt, EvidenceError> {
    let Written { signing, passage, policy, now, .. } = asked;
    let subjects = subjects(asked.root, passage)?;
    let summary = Summary::of(signing, passage, asked.plan, policy.clone(), asked.clearances, *now);
    let raws = raws(asked.clearances, &subjects)?;
    let digests: Vec<&Digest> = subjects.iter().map(|subject| &subject.digest).collect();
    let all: Vec<Digest> = digests.iter().copied().cloned().collect();

    let mut types: Vec<&str> = raws.iter().map(|raw| raw.predicate_type.as_str()).chain([SVR, VSA]).collect();
    types.sort_unstable();
    types.dedup();
    let (types, verifier) = (&types, &*signing.verifier);
    let lists = digests.iter().map(|digest| async move {
        attached(asked.target, asked.repo, digest, types, verifier).await.map(|found| ((*digest).clone(), found))
    });
    let lists = try_join_all(lists).await?;
    if let Some(error) = undecided(&lists) {
        return Err(EvidenceError::Verifier(error.to_string().into()));
    }

    let own = Wanted { predicate_type: SVR.to_owned(), subjects: all.clone(), said: Kind::Summary(summary.clone()) };
    // Where the image has its result, what that stands on was there before it.
    let is_settled = asked.there(&own, &lists, false).manifest(asked.root.digest()).is_some();
    let created = time(*now)?;
    let store = Store { target: asked.target, repo: asked.repo, created: &created };
    let (mut done, mut kept, mut inputs) = (Vec::new(), Vec::new(), Vec::new());
    for wanted in raws.into_iter().chain([own]) {
        let (there, one) = asked.one(&store, &wanted, &lists, is_settled, &mut inputs).await?;
        kept.push((wanted, there, one));
    }
    if let Some(levels) = &signing.levels {
        let said = vsa::predicate(&summary, asked.repo, asked.root.digest(), levels, &inputs)?;
        let wanted = Wanted { predicate_type: VSA.to_owned(), subjects: all, said: Kind::Vsa(said) };
        let (there, one) = asked.one(&store, &wanted, &lists, is_settled, &mut inputs).await?;
        // The image's own result is the last to be attached.
        kept.insert(kept.len() - 1, (wanted, there, one));
    }
    // The platforms first, and the image last.
    for subject in subjects.iter().rev() {
        let of = |wanted: &Wanted| wanted.subjects.contains(&subject.digest);
        let missing = kept.iter().filter(|(wanted, there, _)| of(wanted) && there.manifest(&subject.digest).is_none());
        let new: Vec<&Kept> = missing.filter_map(|(_, _, kept)| kept.as_ref()).collect();
        let mut written = store.attach(subject, &new).await?.into_iter();
        for (wanted, there, _) in kept.iter().filter(|(wanted, ..)| of(wanted)) {
            let found = there.manifest(&subject.digest).map(|manifest| (manifest.clone(), false));
            if let Some((manifest, written)) = found.or_else(|| written.next().map(|manifest| (manifest, true))) {
                let (predicate_type, subject) = (wanted.predicate_type.clone(), subject.digest.clone());
                done.push(StatementReceipt { predicate_type, subject, manifest, written });
            }
        }
    }
    Ok(EvidenceReceipt { policy: policy.clone(), statements: done })
}

impl There {
    /// What attaches it to `subject`.
    fn manifest(&self, subject: &Digest) -> Option<&Digest> {
        self.at.iter().find(|(at, _)| at == subject).map(|(_, manifest)| manifest)
    }
}

type Lists = [(Digest, Vec<Attached>)];

impl Written<'_> {
    /// What is there of a statement, and the statement in the repository where it has to be attached to more.
    async fn one(
        &self,
        store: &Store<'_>,
        wanted: &Wanted,
        lists: &Lists,
        is_settled: bool,
        inputs: &mut Vec<Digest>,
    ) -> Result<(There, Option<Kept>), EvidenceError> {
        let there = self.there(wanted, lists, is_settled);
        let is_everywhere = wanted.subjects.iter().all(|one| there.manifest(one).is_some());
        let sealed = match &there.sealed {
            Some(sealed) => sealed.clone(),
            None => self.seal(wanted).await?,
        };
        inputs.push(lockage_registry::digest_of(lockage_registry::Algorithm::Sha256, &sealed.bytes)?);
        let kept = match is_everywhere {
            true => None,
            false => Some(store.keep(&sealed, &wanted.predicate_type).await?),
        };
        Ok((there, kept))
    }

    async fn seal(&self, wanted: &Wanted) -> Result<Sealed, EvidenceError> {
        let predicate = match &wanted.said {
            Kind::Summary(summary) => summary.predicate()?,
            Kind::Vsa(predicate) | Kind::Raw(predicate) => predicate.clone(),
        };
        let subjects: Vec<_> = wanted.subjects.iter().collect();
        let statement = Statement::new(self.repo, &subjects, &wanted.predicate_type, predicate);
        self.signing.signer.sign_statement(&statement.bytes()?).await.map_err(EvidenceError::Signer)
    }

    /// What is there that says the same of the same, by a signer whom the verifier knows.
    fn there(&self, wanted: &Wanted, lists: &Lists, is_settled: bool) -> There {
        let mut there = There::default();
        for (subject, found) in lists.iter().filter(|(subject, _)| wanted.subjects.contains(subject)) {
            let same = found.iter().find_map(|one| match &one.said {
                Said::Signed { statement, sealed, .. } if self.counts(wanted, statement, is_settled) => {
                    Some((&one.manifest, sealed))
                }
                _ => None,
            });
            if let Some((manifest, sealed)) = same {
                there.at.push((subject.clone(), manifest.clone()));
                there.sealed.get_or_insert_with(|| sealed.clone());
            }
        }
        there
    }

    fn counts(&self, wanted: &Wanted, statement: &Statement, is_settled: bool) -> bool {
        let Self { signing, repo, now, .. } = self;
        let is_whole = wanted.subjects.iter().all(|subject| statement.is_about(repo, subject));
        is_whole
            && statement.predicate_type == wanted.predicate_type
            && match &wanted.said {
                Kind::Summary(summary) => Summary::parse(statement.predicate.clone())
                    .is_ok_and(|said| said.agrees(summary) && said.is_young(signing.max_age, *now)),
                Kind::Vsa(predicate) => vsa::agrees(&statement.predicate, predicate, signing.max_age, *now),
                Kind::Raw(predicate) => is_settled || statement.predicate == *predicate,
            }
    }
}

fn undecided(lists: &Lists) -> Option<&dyn std::error::Error> {
    let all = lists.iter().flat_map(|(_, found)| found);
    all.filter_map(|one| match &one.said {
        Said::Undecided(error) => Some(&**error as &dyn std::error::Error),
        _ => None,
    })
    .next()
}

/// The image, and the manifest of each of its platforms.
fn subjects(root: &RawManifest, passage: &Passage) -> Result<Vec<Descriptor>, EvidenceError> {
    let view = root.view()?;
    let children = view.children();
    let mut subjects = vec![root.descriptor().clone()];
    for platform in &passage.pinned.platforms {
        if let Some(child) = children.iter().find(|child| child.digest == platform.manifest) {
            subjects.push((*child).clone());
        }
    }
    Ok(subjects)
}

/// What the gates have given, but that of advisory gates and of those that were passed by, too: it is what was seen.
fn raws(clearances: &[Clearance], subjects: &[Descriptor]) -> Result<Vec<Wanted>, EvidenceError> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for raw in clearances.iter().flat_map(|one| &one.evidence.predicates) {
        let of = match &raw.subject {
            None => subjects.iter().map(|subject| subject.digest.clone()).collect(),
            Some(one) if subjects.iter().any(|subject| subject.digest == *one) => vec![one.clone()],
            Some(other) => {
                let (predicate_type, subject) = (raw.predicate_type.clone(), other.clone());
                return Err(EvidenceError::Stranger { predicate_type, subject });
            }
        };
        wanted.push(Wanted {
            predicate_type: raw.predicate_type.clone(),
            subjects: of,
            said: Kind::Raw(raw.predicate.clone()),
        });
    }
    Ok(wanted)
}
