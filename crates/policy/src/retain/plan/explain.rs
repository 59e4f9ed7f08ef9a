//! Why one tag or manifest stays or goes: every rule that has a say, and what changes next.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::evaluation::{EVER, NOT};
use super::known::tag;
use super::{Plan, Verdict};
use crate::retain::graph::{Layer, Reason};
use crate::retain::snapshot::timestamp;
use crate::retain::{ManifestId, TagId};
use lockage_tagging::OneLine;

/// Why one tag or manifest stays or goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Explanation {
    /// `repository:tag`, or `repository@digest`.
    pub subject: String,
    /// What happens to it.
    pub verdict: Verdict,
    /// The layer that decided.
    pub layer: Layer,
    /// The rule that did, where one did.
    pub rule: Option<String>,
    /// For people.
    pub words: String,
    /// Every rule that is about it, with the one that decided first.
    pub voices: Vec<Voice>,
    /// What the reason leads to, up to what stays or goes for its own sake.
    pub because: Vec<String>,
    /// From when it goes, if nothing else changes. Nothing where it goes already or stays for good.
    pub goes_at: Option<Timestamp>,
}

/// A rule that is about a tag, heard or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Voice {
    /// Its layer.
    pub layer: Layer,
    /// Its name, where it has one.
    pub rule: Option<String>,
    /// What it says.
    pub words: String,
    /// Whether it says so now.
    pub applies: bool,
    /// Whether it decided.
    pub decides: bool,
    /// From when, for one that deletes and does not yet.
    pub from: Option<Timestamp>,
    /// Until when, for one that keeps; for good otherwise.
    pub until: Option<Timestamp>,
}

impl Plan<'_> {
    /// Why a tag (`repository:tag`) or a manifest (`repository@digest`) stays or goes; nothing where there is none. It looks
    /// at the rules and at nothing else of the snapshot, so it takes no longer in a large one.
    #[must_use]
    pub fn explain(&self, reference: &str) -> Option<Explanation> {
        if reference.contains('@') {
            return self.snapshot().find_reference(reference).map(|id| self.explain_manifest(id));
        }
        tag(self.snapshot(), reference).map(|id| self.explain_tag(id))
    }

    /// Why a tag stays or goes.
    #[must_use]
    pub fn explain_tag(&self, id: TagId) -> Explanation {
        let (verdict, decided) = self.tag(id);
        let (evaluation, now) = (&self.evaluation, self.evaluation.now);
        let plain = self.snapshot().speaks_about(id).is_none();
        let mut voices = Vec::new();
        if plain {
            let stays = evaluation.holds(id).chain(evaluation.keeps(id));
            voices.extend(stays.map(|(reason, until)| self.voice(reason, decided, until > now, None, Some(until))));
            let goes = evaluation.deletes(id);
            voices.extend(goes.map(|(reason, from)| self.voice(reason, decided, from <= now, Some(from), None)));
            voices.sort_by_key(|voice| !voice.decides);
        }
        let from = if plain { evaluation.goes_from(id) } else { EVER };
        let goes_at = timestamp(from).filter(|_| from != EVER && from > now);
        let because = match decided {
            Reason::RefersTo(on) | Reason::PointsAt(on) | Reason::SubjectGoes(on) => self.chain(on),
            _ => Vec::new(),
        };
        self.explanation(self.snapshot().tag_reference(id), (verdict, decided), voices, because, goes_at)
    }

    /// Why a manifest stays or goes.
    #[must_use]
    pub fn explain_manifest(&self, id: ManifestId) -> Explanation {
        let (verdict, decided) = self.manifest(id);
        let because = self.next(decided).map(|on| self.chain(on)).unwrap_or_default();
        self.explanation(self.snapshot().manifest_reference(id), (verdict, decided), Vec::new(), because, None)
    }

    fn explanation(
        &self,
        subject: String,
        (verdict, reason): (Verdict, Reason),
        voices: Vec<Voice>,
        because: Vec<String>,
        goes_at: Option<Timestamp>,
    ) -> Explanation {
        let (layer, rule) = self.rule_of(reason);
        let (rule, words) = (rule.map(str::to_owned), self.words(reason));
        Explanation { subject, verdict, layer, rule, words, voices, because, goes_at }
    }

    fn voice(&self, reason: Reason, decided: Reason, applies: bool, from: Option<i64>, until: Option<i64>) -> Voice {
        let (layer, rule) = self.rule_of(reason);
        let moment = |at: i64| if at == EVER || at == NOT { None } else { timestamp(at) };
        Voice {
            layer,
            rule: rule.map(str::to_owned),
            words: self.words(reason),
            applies,
            decides: applies && reason == decided,
            from: from.and_then(moment),
            until: until.and_then(moment),
        }
    }

    /// The manifest that a reason leads to.
    fn next(&self, reason: Reason) -> Option<ManifestId> {
        match reason {
            Reason::ChildOf(on) | Reason::RefersTo(on) | Reason::GoesWith(on) | Reason::SubjectGoes(on) => Some(on),
            _ => None,
        }
    }

    /// From a manifest up to what stays or goes for its own sake.
    fn chain(&self, mut id: ManifestId) -> Vec<String> {
        let mut chain = Vec::new();
        // Reasons lead upwards, so they end; a snapshot that lies about hashes could close a circle.
        for _ in 0..64 {
            let (_, reason) = self.manifest(id);
            chain.push(format!("{}: {}", self.snapshot().manifest_reference(id), self.words(reason)));
            if let Reason::Tagged(tag) = reason {
                chain.push(format!("{}: {}", self.snapshot().tag_reference(tag), self.words(self.tag(tag).1)));
            }
            match self.next(reason) {
                Some(on) => id = on,
                None => break,
            }
        }
        chain
    }
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verdict = match self.verdict {
            Verdict::Keep => "stays",
            Verdict::Untag => "is taken off its manifest, which stays",
            Verdict::Delete => "goes",
            Verdict::Archive => "is archived",
            Verdict::Blocked => "should go and cannot",
        };
        write!(f, "{} {verdict}: {}", OneLine(&self.subject), OneLine(&self.words))?;
        for voice in self.voices.iter().filter(|voice| !voice.decides) {
            let says = if voice.applies { "also" } else { "not" };
            write!(f, "\n  {says:<4}  {}", OneLine(&voice.words))?;
            match (voice.from, voice.until) {
                (Some(from), _) if !voice.applies => write!(f, ", from {from} on")?,
                (_, Some(until)) if voice.applies => write!(f, ", until {until}")?,
                (_, Some(until)) => write!(f, ", which ended at {until}")?,
                _ => {}
            }
        }
        for line in &self.because {
            write!(f, "\n  {:<4}  {}", "as", OneLine(line))?;
        }
        match self.goes_at {
            Some(at) => write!(f, "\n  then  it goes at {at}, if nothing else changes"),
            None => Ok(()),
        }
    }
}
