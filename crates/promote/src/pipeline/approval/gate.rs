//! `ApprovalGate`: enough of those who may have approved this very plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lockage_registry::Digest;
use serde_json::json;

use super::found::{Found, What, find};
use super::{Approval, SignedBy, StatementVerifier};
use crate::ledger::{Kind, Phase};
use crate::pipeline::promoter::intent;
use crate::pipeline::{Passage, Select};
use crate::{Evidence, Gate, GateContext, GateError, Promoted, Verdict};

/// Clocks of those who approve may be ahead by this much.
const AHEAD: Duration = Duration::from_secs(300);

/// Passes where enough of those who may have approved this very plan; waits where not.
///
/// An approval counts for the plan that it names and no other, until it expires, once a person. It can stand before anything
/// starts: a plan has the same digest until the world moves. One for a plan of which a run was killed counts for the run
/// that goes on from there, and for one that finds nothing left to move; it does not count again once something else has
/// arrived, though the plan may be the same.
///
/// Reads the list of what is attached to the image, and three requests for each approval there is.
#[derive(Clone, Debug)]
#[must_use]
pub struct ApprovalGate {
    id: String,
    verifier: Arc<dyn StatementVerifier>,
    quorum: usize,
    groups: Vec<Group>,
    authors: BTreeSet<String>,
    not_actor: bool,
    max_age: Option<Duration>,
}

#[derive(Clone, Debug)]
struct Group {
    name: String,
    members: BTreeSet<String>,
    needed: usize,
}

impl ApprovalGate {
    /// Asks for `quorum` approvals, of anybody for whom the verifier speaks.
    pub fn new(verifier: impl StatementVerifier + 'static, quorum: usize) -> Self {
        Self {
            id: "approval".to_owned(),
            verifier: Arc::new(verifier),
            quorum,
            groups: Vec::new(),
            authors: BTreeSet::new(),
            not_actor: false,
            max_age: None,
        }
    }

    /// Gives the gate another name than `approval`.
    pub fn named(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// Counts only members of this group, and of others that are added.
    pub fn group<I: Into<String>>(self, name: impl Into<String>, members: impl IntoIterator<Item = I>) -> Self {
        self.group_with(name, members, 0)
    }

    /// The same; and at least `needed` of its members have to be among those who approve.
    pub fn group_with<I: Into<String>>(
        mut self,
        name: impl Into<String>,
        members: impl IntoIterator<Item = I>,
        needed: usize,
    ) -> Self {
        let members = members.into_iter().map(Into::into).collect();
        self.groups.push(Group { name: name.into(), members, needed });
        self
    }

    /// Does not count who promotes.
    pub fn not_actor(self) -> Self {
        Self { not_actor: true, ..self }
    }

    /// Does not count this identity, such as the author of the commit.
    pub fn not(mut self, author: impl Into<String>) -> Self {
        self.authors.insert(author.into());
        self
    }

    /// Counts no approval that is older.
    pub fn max_age(self, max_age: Duration) -> Self {
        Self { max_age: Some(max_age), ..self }
    }

    /// A gate that can never pass, or cannot but pass, is a mistake.
    fn judge(&self, actor: &str) -> Result<(), GateError> {
        if self.quorum == 0 {
            return Err("a quorum of none asks nobody".into());
        }
        // `lockage` calls somebody so of whom nobody says who it is.
        if self.not_actor && ["", "unknown"].contains(&actor.trim()) {
            return Err("nobody says who promotes, so that nobody can be told from them".into());
        }
        if let Some(group) = self.groups.iter().find(|group| group.needed > group.members.len()) {
            let Group { name, members, needed } = group;
            return Err(format!("the group {name} has {} members, and {needed} are needed", members.len()).into());
        }
        let all: BTreeSet<_> = self.groups.iter().flat_map(|group| &group.members).collect();
        if !self.groups.is_empty() && all.len() < self.quorum {
            return Err(
                format!("{} approvals are needed, and its groups have {} members", self.quorum, all.len()).into()
            );
        }
        Ok(())
    }

    /// Why this approval does not count.
    fn refuse(&self, approval: &Approval, by: &SignedBy, asked: &Asked<'_>) -> Option<String> {
        let Promoted { passage, actor, .. } = asked.promoted;
        let copy = asked.context.plan;
        if let Some(other) = approval.differs(passage, copy.source(), copy.target()) {
            return Some(other);
        }
        if !asked.plans.contains(&&approval.plan) {
            return Some(format!("it is for another plan, {}", approval.plan.short()));
        }
        let now = asked.context.now;
        // Who signs can say any time; where another vouches for one, the older of the two is as old as it is.
        let at = by.at.map_or(approval.at, |proven| proven.min(approval.at));
        let same = |one: &str| one.eq_ignore_ascii_case(&by.identity);
        let age = now.duration_since(at).unwrap_or_default();
        match approval {
            Approval { approver: Some(other), .. } if *other != by.identity => {
                Some(format!("it is in the name of {other}"))
            }
            Approval { expires: Some(expires), .. } if *expires <= now => Some("it has expired".to_owned()),
            _ if at > now + AHEAD => Some("it is from the future".to_owned()),
            _ if self.max_age.is_some_and(|max_age| age > max_age) => {
                Some(format!("it is {} old", crate::human::duration(age)))
            }
            _ if is_spent(asked.promoted, &approval.plan, approval.at) => {
                Some("what it was for has been done, and something else has arrived since".to_owned())
            }
            _ if self.not_actor && same(actor) => Some("who promotes does not count".to_owned()),
            _ if self.authors.iter().any(|author| same(author)) => Some("who wrote it does not count".to_owned()),
            _ if !self.groups.is_empty() && !self.groups.iter().any(|group| group.members.contains(&by.identity)) => {
                Some("a stranger, in none of its groups".to_owned())
            }
            _ => None,
        }
    }

    fn missing(&self, counted: &BTreeMap<String, Counted>) -> Option<String> {
        let mut missing = Vec::new();
        if counted.len() < self.quorum {
            missing.push(format!("{} of {} approvals", counted.len(), self.quorum));
        }
        for Group { name, members, needed } in &self.groups {
            let there = counted.keys().filter(|identity| members.contains(*identity)).count();
            if there < *needed {
                missing.push(format!("{there} of {needed} of {name}"));
            }
        }
        (!missing.is_empty()).then(|| missing.join(", "))
    }
}

/// The question.
struct Asked<'a> {
    context: &'a GateContext<'a>,
    promoted: Promoted<'a>,
    plans: Vec<&'a Digest>,
}

/// This plan; that of a run of it that was killed; and that by which everything came to be as it is, where nothing is left
/// to move.
fn plans(promoted: Promoted<'_>) -> Vec<&Digest> {
    let Promoted { passage, chronicle, plan, .. } = promoted;
    let begun = intent(chronicle, passage).map(|begun| begun.plan);
    let current = chronicle.current(&passage.pinned.image, &passage.to).map(|recorded| &recorded.entry);
    let done = current.filter(|entry| passage.is_there() && entry.digest == *passage.digest());
    let done = done.and_then(|entry| match &entry.kind {
        Kind::Promote { plan, edge, .. } if *edge == passage.edge => Some(plan),
        _ => None,
    });
    std::iter::once(plan).chain(begun).chain(done).collect()
}

/// Whether the plan was carried out after this time, and what it brought has been replaced: where the environment has come back to
/// what it was, the same plan is made again, and was not approved again.
fn is_spent(promoted: Promoted<'_>, approved: &Digest, at: SystemTime) -> bool {
    let Passage { pinned, to, .. } = promoted.passage;
    let entries = promoted.chronicle.entries().iter().map(|recorded| &recorded.entry);
    let here = entries.filter(|entry| entry.image == pinned.image && entry.environment.as_ref() == Some(to));
    let mut done_with = false;
    let mut replaced = false;
    for entry in here.filter(|entry| entry.arrives()) {
        match &entry.kind {
            Kind::Promote { phase: Phase::Done, plan, .. } if plan == approved && entry.at >= at => done_with = true,
            _ => replaced |= done_with && entry.digest != *promoted.passage.digest(),
        }
    }
    replaced
}

/// The plan, and what it takes to make it again: a digest alone does not say of which image it is.
fn how(promoted: Promoted<'_>) -> String {
    let Promoted { passage, plan, .. } = promoted;
    let pinned = &passage.pinned;
    let release = match (&pinned.selected, &pinned.facts.version) {
        (Select::Version(_) | Select::CurrentIn(_), _) | (_, None) => String::new(),
        (_, Some(version)) => format!(" --release {version}"),
    };
    // A range has spaces and signs in it, which shells read.
    let select = pinned.selected.to_string();
    let quote = if select.contains(|c: char| " <>^~*|&;()".contains(c)) { "'" } else { "" };
    let (image, to, edge) = (&pinned.image, &passage.to, &passage.edge);
    format!("{plan} {image} --select {quote}{select}{quote} --to {to} --edge {edge}{release}")
}

struct Counted {
    manifest: Digest,
    reason: String,
    at: SystemTime,
}

#[async_trait]
impl Gate for ApprovalGate {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let promoted = context.passage.ok_or("asked about a copy that is along no edge")?;
        self.judge(promoted.actor)?;
        let pinned = &promoted.passage.pinned;
        let found = find(context.source, &pinned.repository, pinned.digest(), &*self.verifier).await?;
        let asked = Asked { context, promoted, plans: plans(promoted) };

        let mut counted: BTreeMap<String, Counted> = BTreeMap::new();
        let (mut others, mut undecided) = (Vec::new(), None);
        for Found { manifest, what } in found {
            match what {
                What::Signed(approval, by) => match self.refuse(&approval, &by, &asked) {
                    Some(why) => others.push(format!("{}: {why}", by.identity)),
                    None => {
                        let Approval { reason, at, .. } = *approval;
                        counted.entry(by.identity).or_insert(Counted { manifest, reason, at });
                    }
                },
                What::Nothing(why) => others.push(format!("{}: {why}", manifest.short())),
                What::Undecided(error) => undecided = Some(error),
            }
        }
        // Attachments come in the order of their digests, which says nothing.
        others.sort();
        let names: Vec<&str> = counted.keys().map(String::as_str).collect();
        let Some(missing) = self.missing(&counted) else {
            let details = counted.iter().map(|(identity, counted)| {
                let at = jiff::Timestamp::try_from(counted.at).map(|at| at.to_string()).unwrap_or_default();
                json!({ "by": identity, "at": at, "reason": counted.reason, "manifest": counted.manifest })
            });
            let details = json!({ "approvals": details.collect::<Vec<_>>(), "not-counted": others });
            return Ok(Verdict::Pass(Evidence::new(format!("approved by {}", names.join(", "))).with_details(details)));
        };
        // What the verifier cannot tell may be the one that is missing.
        if let Some(error) = undecided {
            return Err(format!("an approval could not be checked: {error}").into());
        }
        let by = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
        let others = if others.is_empty() { String::new() } else { format!("; not counted: {}", others.join("; ")) };
        let how = how(promoted);
        Ok(Verdict::wait(format!("{missing}{by}{others}; approve with: lockage approve {how} --key FILE")))
    }
}
