//! `diff`: what one environment has and another has not: commits, versions, packages, vulnerabilities.

mod attached;
mod contents;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::SystemTime;

use lockage_registry::Digest;
use serde::Serialize;

use self::contents::Contents;
use super::ago::Since;
use super::{By, Unread, known_as, resident};
use crate::human::Many;
use crate::ledger::{Chronicle, ImageFacts, rfc3339};
use crate::pipeline::{Name, PromoteError, Promoter};
use lockage_tagging::OneLine;

/// What differs between two environments, image by image.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Difference {
    /// The environment that is looked at from.
    pub from: Name,
    /// The environment that is compared to it.
    pub to: Name,
    /// When this was asked.
    #[serde(with = "rfc3339")]
    pub asked: SystemTime,
    /// The images that are not the same in both; those that are, are not told.
    pub images: Vec<ImageDifference>,
    /// How many images are the same in both.
    pub same: usize,
    /// Images that could not be compared: nothing is known of them.
    pub unread: Vec<Unread>,
}

/// How an image differs between two environments.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ImageDifference {
    /// The image.
    pub image: Name,
    /// What the first has, by the ledger.
    pub from: Option<Side>,
    /// What the second has, by the ledger.
    pub to: Option<Side>,
    /// The packages, by the bills of materials of both; none where one of the two has none that can be read.
    pub packages: Option<Changes>,
    /// The vulnerabilities, by what is attested of both; none where one of the two has none that can be read.
    pub vulnerabilities: Option<Vulnerabilities>,
    /// What could not be read or compared, and why.
    pub notes: Vec<String>,
}

/// What one of two environments has.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Side {
    /// The digest.
    pub digest: Digest,
    /// What it is known by.
    pub facts: ImageFacts,
    /// Since when it is there.
    #[serde(with = "rfc3339")]
    pub since: SystemTime,
    /// Who brought it.
    pub by: String,
    /// The digest of the plan by which it came, where it came by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Digest>,
}

/// Packages that came, went or changed on the way from the first to the second.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Changes {
    /// Those that only the second has.
    pub added: Vec<Change>,
    /// Those that only the first has.
    pub removed: Vec<Change>,
    /// Those that both have, in other versions.
    pub changed: Vec<Change>,
}

/// A package, and its versions: of all platforms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Change {
    /// The package.
    pub name: String,
    /// Its versions in the first.
    pub from: Vec<String>,
    /// Its versions in the second.
    pub to: Vec<String>,
}

/// Vulnerabilities that came and went on the way from the first to the second.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Vulnerabilities {
    /// Those that only the second has.
    pub new: Vec<String>,
    /// Those that only the first has.
    pub fixed: Vec<String>,
}

impl Promoter {
    /// Compares what two environments have, by the ledger; and where an image differs, its bills of materials (SPDX 2,
    /// CycloneDX, Syft) and what is attested of its vulnerabilities, as they are attached to it in each of the two.
    ///
    /// They are read as they are: who made them is for a gate. What cannot be read is said in the notes.
    ///
    /// # Errors
    /// Where the graph has no such environments, and where the ledger fails. What a registry does not tell of one image is
    /// told of it.
    pub async fn diff(&self, from: &Name, to: &Name, now: SystemTime) -> Result<Difference, PromoteError> {
        self.graph.environment(from)?;
        self.graph.environment(to)?;
        let chronicle = Chronicle::of(self.ledger.entries(None).await?);
        let (mut images, mut same, mut unread) = (Vec::new(), 0, Vec::new());
        for image in chronicle.images() {
            let side = |environment| {
                let there = resident(&chronicle, image, environment, now)?;
                let plan = there.plan().cloned();
                Some(Side { digest: there.digest, facts: there.facts, since: there.since, by: there.by, plan })
            };
            let (one, other) = (side(from), side(to));
            match (&one, &other) {
                (None, None) => continue,
                (Some(one), Some(other)) if one.digest == other.digest => {
                    same += 1;
                    continue;
                }
                _ => {}
            }
            match self.compared(image, (from, one), (to, other)).await {
                Ok(one) => images.push(one),
                Err(error) => unread.push(Unread::of(image, &error)),
            }
        }
        Ok(Difference { from: from.clone(), to: to.clone(), asked: now, images, same, unread })
    }

    async fn compared(
        &self,
        image: &Name,
        (from, one): (&Name, Option<Side>),
        (to, other): (&Name, Option<Side>),
    ) -> Result<ImageDifference, PromoteError> {
        let mut difference = ImageDifference {
            image: image.clone(),
            from: one,
            to: other,
            packages: None,
            vulnerabilities: None,
            notes: Vec::new(),
        };
        let (Some(one), Some(other)) = (&difference.from, &difference.to) else { return Ok(difference) };
        let read = async |environment: &Name, side: &Side| {
            let repository = self.graph.repository(image, environment)?;
            attached::read(self.source(environment)?, &repository, &side.digest).await
        };
        let (one, other) = (read(from, one).await?, read(to, other).await?);
        let mut lacks = |what: &str, has: [bool; 2]| {
            for environment in [from, to].into_iter().zip(has).filter(|(_, has)| !has).map(|(name, _)| name) {
                difference.notes.push(format!("{what} that can be read is attached to the image in {environment}"));
            }
        };
        lacks("no bill of materials", [one.packages.is_some(), other.packages.is_some()]);
        lacks("no report of vulnerabilities", [one.vulnerabilities.is_some(), other.vulnerabilities.is_some()]);
        for (environment, contents) in [(from, &one), (to, &other)] {
            difference.notes.extend(contents.notes.iter().map(|note| format!("{environment}: {note}")));
        }
        difference.packages = packages(&one, &other);
        difference.vulnerabilities = one.vulnerabilities.zip(other.vulnerabilities).map(|(one, other)| {
            let only = |these: &BTreeSet<String>, those: &BTreeSet<String>| these.difference(those).cloned().collect();
            Vulnerabilities { new: only(&other, &one), fixed: only(&one, &other) }
        });
        Ok(difference)
    }
}

fn packages(one: &Contents, other: &Contents) -> Option<Changes> {
    let (one, other) = (one.packages.as_ref()?, other.packages.as_ref()?);
    let versions = |of: &BTreeMap<String, BTreeSet<String>>, name: &str| -> Vec<String> {
        of.get(name).into_iter().flatten().cloned().collect()
    };
    let mut changes = Changes::default();
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    for name in names {
        let change = Change { name: name.clone(), from: versions(one, name), to: versions(other, name) };
        match (one.contains_key(name), other.contains_key(name)) {
            (true, true) if change.from == change.to => {}
            (true, true) => changes.changed.push(change),
            (true, false) => changes.removed.push(change),
            _ => changes.added.push(change),
        }
    }
    Some(changes)
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.from, self.to)?;
        if self.same > 0 {
            write!(f, "  {} the same in both", Many(self.same, "image"))?;
        } else if self.images.is_empty() && self.unread.is_empty() {
            f.write_str("  nothing in either, by the ledger")?;
        }
        for one in &self.images {
            write!(f, "\n  {}", one.image)?;
            for (name, side) in [(&self.from, &one.from), (&self.to, &one.to)] {
                match side {
                    Some(Side { digest, facts, since, by, plan }) => {
                        let (since, by) = (Since(*since, self.asked), By(by, plan.as_ref()));
                        write!(f, "\n    {name}  {digest}{}  since {since} {by}", known_as(facts))?;
                    }
                    None => write!(f, "\n    {name}  nothing, by the ledger")?,
                }
            }
            if let Some(Changes { added, removed, changed }) = &one.packages {
                let all = [('+', added), ('-', removed), ('~', changed)];
                for (mark, change) in all.into_iter().flat_map(|(mark, all)| all.iter().map(move |one| (mark, one))) {
                    let (from, to) = (OneLine(change.from.join(", ")), OneLine(change.to.join(", ")));
                    let arrow = if mark == '~' { " → " } else { "" };
                    write!(f, "\n    {mark} {}  {from}{arrow}{to}", OneLine(&change.name))?;
                }
                if added.is_empty() && removed.is_empty() && changed.is_empty() {
                    f.write_str("\n    the same packages")?;
                }
            }
            if let Some(Vulnerabilities { new, fixed }) = &one.vulnerabilities {
                let list = |all: &[String]| {
                    if all.is_empty() { "none".to_owned() } else { OneLine(all.join(", ")).to_string() }
                };
                write!(f, "\n    new vulnerabilities    {}\n    fixed vulnerabilities  {}", list(new), list(fixed))?;
            }
            one.notes.iter().try_for_each(|note| write!(f, "\n    ! {}", OneLine(note)))?;
        }
        self.unread
            .iter()
            .try_for_each(|one| write!(f, "\n  {}  could not be compared: {}", one.image, OneLine(&one.error)))
    }
}
