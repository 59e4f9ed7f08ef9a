//! Tally: what a campaign has seen, and whether that is enough to believe it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::class::Class;
use crate::run::Told;
use crate::scenario::{Scenario, Way, Wire};
use crate::sort::Sort;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    copies: usize,
    unharmed: usize,
    in_spite: usize,
    unheard: usize,
    errors: BTreeMap<String, usize>,
    faults: BTreeMap<String, usize>,
    classes: BTreeMap<String, usize>,
    ways: BTreeMap<&'static str, usize>,
    longest: (Duration, u64),
    /// What did not hold, with all that is needed to see it again.
    pub(crate) failures: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, scenario: &Scenario, took: Duration, told: Result<Told, String>) {
        self.copies += 1;
        self.longest = self.longest.max((took, scenario.seed));
        for way in ways(scenario) {
            *self.ways.entry(way).or_default() += 1;
        }
        let told = match told {
            Ok(told) => told,
            Err(why) => {
                self.failures.push(format!(
                    "seed {}: {why}\n  scenario: {scenario}\n  replay: CAMPAIGN_SEED={} cargo test -p lockage-promote --all-features --test campaign -- --nocapture\n",
                    scenario.seed, scenario.seed
                ));
                return;
            }
        };
        self.unheard += usize::from(told.moved_unheard);
        match told.error {
            Some(kind) => *self.errors.entry(kind).or_default() += 1,
            None if told.faults.is_empty() => self.unharmed += 1,
            None => self.in_spite += 1,
        }
        for fault in told.faults {
            *self.faults.entry(fault).or_default() += 1;
        }
        for class in told.classes {
            *self.classes.entry(format!("{class:?}")).or_default() += 1;
        }
    }

    /// The first few failures.
    pub(crate) fn shown(&self) -> String {
        self.failures.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// That nothing was wrong says something only if much could have been.
    pub(crate) fn assert_not_blind(&self) {
        let ports = ["failure before", "failure after", "reset", "short end", "corrupted bytes", "other digest"];
        let sorts = Sort::ALL.iter().map(ToString::to_string).chain(ports.map(|sort| format!("port: {sort}")));
        for sort in sorts {
            assert!(self.faults.get(&sort).is_some_and(|times| *times >= 5), "{sort} was hardly met:\n{self}");
        }
        for class in Class::ALL {
            assert!(self.classes.contains_key(&format!("{class:?}")), "no {class:?} met a fault:\n{self}");
        }
        let (failed, succeeded) = (self.errors.values().sum::<usize>(), self.in_spite);
        assert!(succeeded * 4 > self.copies, "few copies succeeded in spite of faults:\n{self}");
        assert!(failed * 6 > self.copies, "few copies failed:\n{self}");
        assert!(self.errors.len() >= 12 && self.unheard > 0, "few errors were met:\n{self}");
    }
}

fn ways(scenario: &Scenario) -> impl Iterator<Item = &'static str> {
    let http = matches!(scenario.wire, Wire::Http { .. });
    [
        (true, if http { "over HTTP" } else { "in the ports" }),
        (scenario.way == Way::Across, "across registries"),
        (scenario.way == Way::Within, "within a registry"),
        (scenario.way == Way::Retag, "within a repository"),
        (scenario.source.on_disk || scenario.target.on_disk, "on disk"),
        (!scenario.source.api || !scenario.target.api, "without referrers API"),
    ]
    .into_iter()
    .filter_map(|(is, way)| is.then_some(way))
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors: usize = self.errors.values().sum();
        writeln!(
            f,
            "{} copies: {} in spite of faults, {} without any, {errors} typed errors",
            self.copies, self.in_spite, self.unharmed
        )?;
        let ways: Vec<_> = self.ways.iter().map(|(way, count)| format!("{count} {way}")).collect();
        writeln!(f, "  {}", ways.join(", "))?;
        writeln!(
            f,
            "  {} tags moved whose answer was lost; {} copies did not hold",
            self.unheard,
            self.failures.len()
        )?;
        writeln!(f, "  the longest took {:.1} s, seed {}", self.longest.0.as_secs_f64(), self.longest.1)?;
        for (title, counts) in [("errors", &self.errors), ("faults", &self.faults), ("at", &self.classes)] {
            writeln!(f, "{title}:")?;
            for (what, count) in counts {
                writeln!(f, "  {count:>7}  {what}")?;
            }
        }
        Ok(())
    }
}
