//! `LedgerFacts`: what a ledger of promotions knows of images, as the planner needs it.

use std::collections::BTreeSet;
use std::time::SystemTime;

use jiff::Timestamp;
use lockage_promote::ledger::{Chronicle, Kind};
use lockage_promote::pipeline::{Environment, Graph, Name};
use lockage_registry::Digest;

use super::{FactsError, downstream};
use crate::retain::{Facts, Held, HoldFrom, InUse, LegalHold, Policy, Promotion, Running, Seen};

/// What policies call a ledger in `in_use`.
pub(super) const LEDGER: &str = "ledger";

/// What a ledger of promotions knows of images.
///
/// * What is in an environment is in use there; so is what was there before it, as far back as `history` says, for a rollback
///   needs it; and what is about to arrive.
/// * What an environment holds must not be touched.
/// * Whatever was ever in an environment was promoted there, since it first was. It is known by its digest: what became of its
///   tags since means nothing.
/// * What may still go to an environment further down is in use until it has arrived there, is denied, or something newer has.
/// * Tags that never move were seen with what they were made to hold.
///
/// It makes no request, and is the same for every reader of one ledger.
#[derive(Clone, Copy, Debug)]
pub struct LedgerFacts<'a> {
    chronicle: &'a Chronicle,
    graph: Option<&'a Graph>,
    history: usize,
}

impl<'a> LedgerFacts<'a> {
    /// What these entries know: all entries of a ledger, and not those about one image.
    #[must_use]
    pub fn of(chronicle: &'a Chronicle) -> Self {
        Self { chronicle, graph: None, history: 1 }
    }

    /// With the environments as they are written: where their repositories are, and what is downstream of what. Without them,
    /// promotions are to environments alone, and downstream is where an image has ever been promoted to.
    #[must_use]
    pub fn graph(mut self, graph: &'a Graph) -> Self {
        self.graph = Some(graph);
        self
    }

    /// So many images of each environment are in use, the current one first. At least that one is.
    #[must_use]
    pub fn history(mut self, images: u32) -> Self {
        self.history = usize::try_from(images).unwrap_or(usize::MAX).max(1);
        self
    }

    /// As many of each environment as the holds of a policy ask for.
    #[must_use]
    pub fn for_policy(self, policy: &Policy) -> Self {
        let asks = policy.hold.iter().filter(|hold| hold.in_use.iter().flatten().any(|who| who == LEDGER));
        self.history(asks.filter_map(|hold| hold.history).max().unwrap_or(1))
    }

    /// Whether the holds of a policy that count from a promotion name environments that there are, or that the ledger tells of.
    /// Of names of repositories, and without a graph, it says nothing.
    ///
    /// # Errors
    /// [`FactsError::NoEnvironment`] with the first that would hold nothing.
    pub fn knows(&self, policy: &Policy) -> Result<(), FactsError> {
        let Some(graph) = self.graph else { return Ok(()) };
        let told = self.chronicle.entries().iter().filter_map(|recorded| recorded.entry.environment.as_ref());
        let known: BTreeSet<&Name> = graph.environments().map(Environment::name).chain(told).collect();
        for hold in policy.hold.iter().filter(|hold| hold.from == HoldFrom::Promoted) {
            let Some(to) = hold.to.as_ref().filter(|to| !to.as_str().contains('/')) else { continue };
            if !known.iter().any(|name| to.matches(name.as_str())) {
                let known = known.iter().map(ToString::to_string).collect();
                return Err(FactsError::NoEnvironment { rule: hold.name.clone(), to: to.to_string(), known });
            }
        }
        Ok(())
    }

    /// The facts at `now`.
    ///
    /// # Errors
    /// Where an environment has no repository for an image that the ledger has there, and where an entry has a time that no
    /// calendar has.
    pub fn facts(&self, now: Timestamp) -> Result<Facts, FactsError> {
        let mut facts = Facts::default();
        facts.asked.insert(LEDGER.to_owned());
        facts.in_use = self.in_use()?;
        for image in self.chronicle.images() {
            for environment in self.places(image) {
                self.of_place(image, environment, now, &mut facts)?;
            }
        }
        Ok(facts)
    }

    /// What is in use alone: all that matters to a plan that has been made.
    ///
    /// # Errors
    /// Where an entry has a time that no calendar has.
    pub fn in_use(&self) -> Result<Vec<InUse>, FactsError> {
        let mut all = Vec::new();
        for image in self.chronicle.images() {
            for environment in self.places(image) {
                self.used_in(image, environment, &mut all)?;
            }
            for (digest, environment) in downstream::eligible(self.chronicle, self.graph, image) {
                let why = format!("{environment} may still get it");
                all.push(InUse::new(Running::Digest(digest.clone()), LEDGER).because(why));
            }
        }
        Ok(all)
    }

    /// The environments that an image has been in.
    fn places(&self, image: &Name) -> BTreeSet<&'a Name> {
        self.chronicle.about(image).filter_map(|recorded| recorded.entry.environment.as_ref()).collect()
    }

    /// What an environment uses of one image.
    fn used_in(&self, image: &Name, environment: &Name, to: &mut Vec<InUse>) -> Result<(), FactsError> {
        let stays = self.chronicle.stays(image, environment);
        let mut used: Vec<&Digest> = Vec::new();
        for stay in stays.iter().rev() {
            if used.len() == self.history {
                break;
            }
            if used.contains(&&stay.digest) {
                continue;
            }
            let why = if used.is_empty() { "current in" } else { "it may be rolled back to in" };
            used.push(&stay.digest);
            let in_use = InUse::new(Running::Digest(stay.digest.clone()), LEDGER);
            to.push(in_use.because(format!("{why} {environment}")).since(moment(image, stay.from)?));
        }
        if let Some(begun) = self.chronicle.begun(image, environment) {
            let why = format!("about to arrive in {environment}");
            to.push(InUse::new(Running::Digest(begun.entry.digest.clone()), LEDGER).because(why));
        }
        Ok(())
    }

    /// What else is known of one image in one environment.
    fn of_place(&self, image: &Name, environment: &Name, now: Timestamp, to: &mut Facts) -> Result<(), FactsError> {
        let stays = self.chronicle.stays(image, environment);
        self.held(image, environment, now, to)?;
        let repository = self.repository(image, environment)?;
        let mut known: BTreeSet<&Digest> = BTreeSet::new();
        for first in stays.iter().filter(|stay| known.insert(&stay.digest)) {
            let at = moment(image, first.from)?;
            for place in std::iter::once(environment.to_string()).chain(repository.clone()) {
                to.promoted.push(Promotion::new(first.digest.clone(), place, at));
            }
        }
        let Some(repository) = repository else { return Ok(()) };
        let arrivals = self.chronicle.there(image, environment).map(|recorded| &recorded.entry);
        for entry in arrivals.filter(|entry| entry.arrives()) {
            for record in entry.tags().iter().filter(|record| !record.floats) {
                let holds = record.holds.as_ref().unwrap_or(&entry.digest);
                to.seen.push(Seen::new(format!("{repository}:{}", record.tag), holds.clone()));
            }
        }
        Ok(())
    }

    /// What an environment keeps because somebody holds it.
    fn held(&self, image: &Name, environment: &Name, now: Timestamp, to: &mut Facts) -> Result<(), FactsError> {
        let current = self.chronicle.current(image, environment);
        let (Some(hold), Some(current)) = (self.chronicle.held(image, environment, now.into()), current) else {
            return Ok(());
        };
        let reason = format!("{environment} is held: {}", hold.reason);
        let mut held = LegalHold::new(Held::Digest(current.entry.digest.clone()), reason);
        let last = self.chronicle.there(image, environment).rev().find_map(|recorded| match &recorded.entry.kind {
            Kind::Hold { until, .. } => Some(*until),
            _ => None,
        });
        if let Some(until) = last.flatten() {
            held = held.until(moment(image, until)?);
        }
        to.holds.push(held);
        Ok(())
    }

    /// Where an image is in an environment, if that is written. An environment that is no more has no repository.
    fn repository(&self, image: &Name, environment: &Name) -> Result<Option<String>, FactsError> {
        let Some(graph) = self.graph.filter(|graph| graph.environment(environment).is_ok()) else { return Ok(None) };
        let repository = graph.repository(image, environment).map_err(|source| FactsError::Place {
            image: image.to_string(),
            environment: environment.to_string(),
            source: source.into(),
        })?;
        Ok(Some(repository.to_string()))
    }
}

fn moment(image: &Name, at: SystemTime) -> Result<Timestamp, FactsError> {
    Timestamp::try_from(at).map_err(|source| FactsError::Time { image: image.to_string(), source: source.into() })
}
