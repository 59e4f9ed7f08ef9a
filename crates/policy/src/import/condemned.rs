//! What a policy of another system says of a snapshot.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::System;
use crate::retain::clock::Clock;
use crate::retain::{
    Capabilities, DigestKey, Imported, Layer, ManifestId, Protection, Reason, RuleId, RuleName, Said, Settled,
    Snapshot, TagId, Word, settle,
};

/// Times up to here are what reproducible builds and empty fields write.
const NEVER: Timestamp = Timestamp::constant(315_532_800, 0);
/// How far a registry's clock may be ahead.
pub(super) const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// What a policy of another system says of every manifest and tag of a snapshot, as that system would.
#[derive(Clone, Debug)]
pub struct Condemned {
    system: System,
    clock: Clock,
    pub(super) dry_run: bool,
    policy: Option<DigestKey>,
    rules: Vec<Rule>,
    pub(super) said: Said,
}

/// A rule as reasons call it, with its number where its system numbers rules.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    name: RuleName,
    number: Option<u32>,
}

#[cfg_attr(not(feature = "import"), allow(dead_code, reason = "rules are numbered by some systems"))]
impl Rule {
    pub(super) fn new(layer: Layer, name: impl Into<String>, words: impl Into<String>) -> Self {
        Self { name: RuleName::new(layer, name, words), number: None }
    }

    pub(super) fn numbered(mut self, number: u32) -> Self {
        self.number = Some(number);
        self
    }
}

#[cfg_attr(not(feature = "import"), allow(dead_code, reason = "tags share the fate of images in some systems"))]
impl Condemned {
    /// Says of every manifest that no rule is about it, and of every tag nothing.
    pub(super) fn nothing(system: System, snapshot: &Snapshot, clock: Clock, rules: Vec<Rule>) -> Self {
        let mut said = Said::nothing(snapshot);
        snapshot.manifests().for_each(|id| said.say_manifest(id, Word::Keep(Reason::Default)));
        Self { system, clock, dry_run: false, policy: None, rules, said }
    }

    /// Names the policy itself after its rules, so that a plan is one of this policy and of no other.
    pub(super) fn of_policy(mut self, policy: &impl serde::Serialize) -> Self {
        let digest = digest_of(policy);
        self.policy = Some(digest);
        self.rules.push(Rule::new(Layer::Default, self.system.title(), digest.to_string()));
        self
    }

    pub(super) fn word(&self, id: ManifestId) -> Word {
        self.said.manifest(id)
    }

    pub(super) fn say(&mut self, id: ManifestId, word: Word) {
        self.said.say_manifest(id, word);
    }

    /// Lets every tag share the fate of its manifest, as in systems whose unit is the image.
    pub(super) fn with_tags(mut self, snapshot: &Snapshot) -> Self {
        for tag in snapshot.tags() {
            let word = self.word(snapshot.target(tag));
            self.said.say_tag(tag, word);
        }
        self
    }

    /// The system whose policy it is.
    #[must_use]
    pub fn system(&self) -> System {
        self.system
    }

    /// Whether the policy asks for a dry run: then its system deletes nothing, and this is what it would have deleted.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// What is said of every manifest and tag.
    #[must_use]
    pub fn said(&self) -> &Said {
        &self.said
    }

    /// The rules that the reasons name, by their place: `rule 1`, or a rule's name, and what the system does without a rule.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &RuleName> {
        self.rules.iter().map(|rule| &rule.name)
    }

    /// Whether the system would delete a manifest.
    #[must_use]
    pub fn is_condemned(&self, id: ManifestId) -> bool {
        matches!(self.word(id), Word::Remove(_))
    }

    /// The priority of the rule that acts on a manifest, where the system numbers its rules (ECR: `appliedRulePriority`).
    #[must_use]
    pub fn applied_rule(&self, id: ManifestId) -> Option<u32> {
        match self.word(id) {
            Word::Remove(Reason::Rule(_, rule)) | Word::Archive(Reason::Rule(_, rule)) => self.rule(rule)?.number,
            _ => None,
        }
    }

    fn rule(&self, id: RuleId) -> Option<&Rule> {
        self.rules.get(usize::from(id.0))
    }

    /// Keeps these, whatever the rules say: what runs, and what has to be kept for other reasons.
    #[must_use]
    pub fn holding(mut self, snapshot: &Snapshot, held: impl IntoIterator<Item = (ManifestId, Reason)>) -> Self {
        for (id, reason) in held {
            self.said.keep_image(snapshot, id, reason);
        }
        self
    }

    /// What comes of it. With [`Protection::Faithful`] it is what the system would do. Otherwise nothing goes that a kept
    /// image needs or that is not known well enough: images whose time cannot be believed stay, and so do those with an
    /// immutable tag. It never adds a deletion.
    #[must_use]
    pub fn settle(&self, snapshot: &Snapshot, protection: Protection, can: Capabilities) -> Settled {
        settle(snapshot, &self.heard(snapshot, protection), protection, can)
    }

    /// The same, for [`plan_imported`](crate::retain::plan_imported), which adds the holds and guards of a policy.
    #[must_use]
    pub fn imported(&self, snapshot: &Snapshot, protection: Protection) -> Imported {
        let rules = self.rules.iter().map(|rule| rule.name.clone()).collect();
        let mut imported = Imported::new(self.heard(snapshot, protection), rules);
        imported.policy = self.policy;
        imported.instead_of = self.dry_run.then(|| self.said_with(snapshot, protection));
        if protection == Protection::Faithful { imported.faithful() } else { imported }
    }

    fn said_with(&self, snapshot: &Snapshot, protection: Protection) -> Said {
        match protection {
            Protection::Full => self.guarded(snapshot),
            Protection::Faithful => self.said.clone(),
        }
    }

    pub(super) fn heard(&self, snapshot: &Snapshot, protection: Protection) -> Said {
        let mut said = self.said_with(snapshot, protection);
        if self.dry_run {
            let kept = |word: Word| match word {
                Word::Remove(reason) | Word::Archive(reason) => Word::Keep(reason),
                other => other,
            };
            snapshot.manifests().for_each(|id| said.say_manifest(id, kept(said.manifest(id))));
            snapshot.tags().for_each(|id| said.say_tag(id, kept(said.tag(id))));
        }
        said
    }

    fn guarded(&self, snapshot: &Snapshot) -> Said {
        let mut said = self.said.clone();
        for id in snapshot.manifests() {
            let latest = self.clock.at(id).checked_add(AHEAD).unwrap_or(Timestamp::MAX);
            let dated = snapshot.pushed_at(id).is_some_and(|at| at > NEVER && at <= latest);
            let reason = if !dated {
                Reason::UnknownTime
            } else if snapshot.tags_at(id).any(|tag| snapshot.is_immutable(tag)) {
                Reason::Immutable
            } else {
                continue;
            };
            // What is kept anyway keeps its reason.
            if !matches!(said.manifest(id), Word::Keep(_)) {
                said.say_manifest(id, Word::Keep(reason));
            }
            for tag in snapshot.tags_at(id) {
                if matches!(said.tag(tag), Word::Remove(_)) {
                    said.say_tag(tag, Word::Keep(reason));
                }
            }
        }
        said
    }

    /// Why a manifest stays or goes, in one line.
    #[must_use]
    pub fn reason(&self, snapshot: &Snapshot, id: ManifestId) -> String {
        self.words(snapshot, self.word(id))
    }

    /// Why a tag stays or goes, in one line.
    #[must_use]
    pub fn reason_of_tag(&self, snapshot: &Snapshot, id: TagId) -> String {
        self.words(snapshot, self.said.tag(id))
    }

    fn words(&self, snapshot: &Snapshot, word: Word) -> String {
        let (verb, reason) = match word {
            Word::Nothing => return "its manifest decides".to_owned(),
            Word::Keep(reason) => ("kept", reason),
            Word::Remove(reason) => ("deleted", reason),
            Word::Archive(reason) => ("archived", reason),
        };
        match reason {
            Reason::Rule(_, id) => format!("{verb} by {}", self.rule(id).map_or("a rule", |rule| &rule.name.name)),
            Reason::Default => format!("{verb}: no rule is about it"),
            Reason::Immutable => format!("{verb}: it is immutable"),
            Reason::UnknownTime => format!("{verb}: nothing is known of when it was pushed and pulled"),
            Reason::Grace => format!("{verb}: it is younger than the delay"),
            Reason::ChildOf(index) => format!("{verb}: {} needs it", snapshot.manifest_reference(index)),
            Reason::RefersTo(subject) => format!("{verb} with {}", snapshot.manifest_reference(subject)),
            Reason::SubjectGoes(subject) => format!("{verb} with {}", snapshot.manifest_reference(subject)),
            Reason::GoesWith(index) => format!("{verb} with {}", snapshot.manifest_reference(index)),
            Reason::SubjectElsewhere => format!("{verb}: what it speaks about is gone"),
            other => format!("{verb}: {other:?}"),
        }
    }
}

/// The hash of a policy: of its document, as it is written here.
pub(super) fn digest_of(policy: &impl serde::Serialize) -> DigestKey {
    // What these policies hold JSON can say.
    let document = serde_json::to_vec(policy).unwrap_or_default();
    DigestKey::sha256(Sha256::digest(document).into())
}

/// By the rule at this place of the list of rules.
pub(super) fn by(layer: Layer, rule: usize) -> Reason {
    Reason::Rule(layer, RuleId(u16::try_from(rule).unwrap_or(u16::MAX)))
}
