//! Policies and facts of files, and plans of both.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use lockage_policy::import::{ImportedPolicy, System};
use lockage_policy::retain::{
    Capabilities, DigestKey, Facts, Format, ImportFrom, Plan, Policy, Protection, Snapshot, Timeline, plan,
    plan_imported, simulate,
};

use crate::promote::Trouble;
use crate::report::{Failure, Unusable};

/// The most bytes of a file that a person has written.
const LIMIT: u64 = 4 << 20;

#[derive(Clone, clap::Args)]
pub(crate) struct Rules {
    /// The policy; its name ends in .toml, .yaml or .json.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,

    /// Whose policy it is.
    #[arg(long, value_enum, default_value = "lockage")]
    format: Whose,

    /// Keep no more than that system keeps, to compare with it. Such a plan says so, and is never executed.
    #[arg(long)]
    faithful: bool,

    /// What is known besides: what is in use, was promoted, must not be touched; one JSON document.
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,

    /// What the registry can do, where its name or --provider does not say so. Of a registry of which nothing is known, no tag
    /// is taken from a manifest that stays where not everything of the repository is known.
    #[arg(long, value_enum)]
    registry: Option<Registry>,

    /// The moment to plan for; now otherwise.
    #[arg(long, value_name = "TIME", value_parser = crate::times::moment)]
    pub(crate) now: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Whose {
    Lockage,
    Ecr,
    Gar,
    Harbor,
    Zot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Registry {
    Oci,
    DockerRegistry2,
    DockerHub,
    Ecr,
    Ghcr,
}

/// What a plan is made by.
pub(crate) struct Made {
    pub(crate) policy: Policy,
    pub(crate) facts: Facts,
    imported: Option<ImportedPolicy>,
    protection: Protection,
    pub(crate) now: Timestamp,
    /// Whether the arguments say what the registry can do.
    is_told: bool,
}

fn text(file: &Path) -> Result<Vec<u8>, Failure> {
    let read = || -> Result<Vec<u8>, Box<dyn Error>> {
        if std::fs::metadata(file)?.len() > LIMIT {
            return Err(format!("it has more than {LIMIT} bytes").into());
        }
        Ok(std::fs::read(file)?)
    };
    read().map_err(|error| Failure::usage(&Unusable::of(file)(error)))
}

fn invalid(file: &Path, what: &dyn fmt::Display, remedy: Option<&'static str>) -> Failure {
    let trouble = Trouble::at(file, what);
    Failure::usage(&match remedy {
        Some(remedy) => trouble.remedy(remedy),
        None => trouble,
    })
}

/// A policy of the own language.
pub(crate) fn own(file: &Path) -> Result<Policy, Failure> {
    let bytes = text(file)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| invalid(file, &error, None))?;
    let format =
        Format::of(file).ok_or_else(|| invalid(file, &"its name ends in none of .toml, .yaml and .json", None))?;
    Policy::parse(text, format).map_err(|error| invalid(file, &error, Some(error.remedy())))
}

fn theirs(file: &Path, system: System) -> Result<ImportedPolicy, Failure> {
    match ImportedPolicy::parse(system, &text(file)?) {
        Some(read) => read.map_err(|error| invalid(file, &error, None)),
        None => Err(invalid(file, &"policies of this system are not read by this program", None)),
    }
}

impl Rules {
    /// The same with the policy of another file, of the same system unless another one is named. Keeping no more than a system
    /// keeps is for policies of other systems alone.
    pub(crate) fn with_policy(&self, file: &Path, format: Option<Whose>, faithful: bool) -> Self {
        let format = format.unwrap_or(self.format);
        let faithful = faithful || self.faithful && format != Whose::Lockage;
        Self { policy: file.to_owned(), format, faithful, ..self.clone() }
    }

    /// A policy of the own language for now, and what is known besides.
    pub(crate) fn own(policy: PathBuf, facts: Option<PathBuf>) -> Self {
        Self { policy, format: Whose::Lockage, faithful: false, facts, registry: None, now: None }
    }

    /// What the files say. What is in them alone is wrong before any registry is asked.
    pub(crate) fn read(&self) -> Result<Made, Failure> {
        let mut protection = if self.faithful { Protection::Faithful } else { Protection::Full };
        let system = match self.format {
            Whose::Lockage => None,
            Whose::Ecr => Some(System::Ecr),
            Whose::Gar => Some(System::Gar),
            Whose::Harbor => Some(System::Harbor),
            Whose::Zot => Some(System::Zot),
        };
        let (policy, imported) = match system {
            Some(system) => (Policy::keep_everything(), Some(theirs(&self.policy, system)?)),
            None if self.faithful => {
                return Err(invalid(
                    &self.policy,
                    &"only policies of other systems are planned faithfully: name one with --format or --against-format",
                    None,
                ));
            }
            None => {
                let policy = own(&self.policy)?;
                let imported = policy.import.as_ref().map(|import| {
                    let file = self.policy.parent().unwrap_or(Path::new("")).join(&import.file);
                    if import.faithful {
                        protection = Protection::Faithful;
                    }
                    theirs(&file, system_of(import.from).ok_or_else(|| invalid(&file, &"no such system", None))?)
                });
                (policy, imported.transpose()?)
            }
        };
        let mut facts = match &self.facts {
            None => Facts::default(),
            Some(file) => serde_json::from_slice(&text(file)?).map_err(|error| invalid(file, &error, None))?,
        };
        match self.registry {
            None => {}
            Some(Registry::Oci) => facts.capabilities = Capabilities::OCI,
            Some(Registry::DockerRegistry2) => facts.capabilities = Capabilities::DOCKER_REGISTRY_2,
            Some(Registry::DockerHub) => facts.capabilities = Capabilities::DOCKER_HUB,
            Some(Registry::Ecr) => facts.capabilities = Capabilities::ECR,
            Some(Registry::Ghcr) => facts.capabilities = Capabilities::GHCR,
        }
        let (now, is_told) = (self.now.unwrap_or_else(Timestamp::now), self.registry.is_some());
        Ok(Made { policy, facts, imported, protection, now, is_told })
    }
}

fn system_of(from: ImportFrom) -> Option<System> {
    match from {
        ImportFrom::Ecr => Some(System::Ecr),
        ImportFrom::Gar => Some(System::Gar),
        ImportFrom::Harbor => Some(System::Harbor),
        ImportFrom::Zot => Some(System::Zot),
        _ => None,
    }
}

impl Made {
    /// Whether rules of ours decide, and not those of another system.
    pub(crate) fn is_own(&self) -> bool {
        self.imported.is_none()
    }

    /// The same with what the facts of another one say, at the same moment.
    pub(crate) fn knowing(self, other: &Self) -> Self {
        Self { facts: other.facts.clone(), now: other.now, ..self }
    }

    /// What the registry can do, unless the arguments or the facts say so.
    pub(crate) fn registry_can(&mut self, can: Capabilities) {
        if !self.is_told && self.facts.capabilities == Capabilities::default() {
            self.facts.capabilities = can;
        }
    }

    /// What the registry can do, by the arguments.
    pub(crate) fn registry_is(&mut self, can: Capabilities) {
        (self.facts.capabilities, self.is_told) = (can, true);
    }

    pub(crate) fn plan<'a>(&'a self, snapshot: &'a Snapshot) -> Plan<'a> {
        match &self.imported {
            None => plan(snapshot, &self.policy, &self.facts, self.now),
            Some(theirs) => {
                let imported = theirs.evaluate(snapshot, self.now).imported(snapshot, self.protection);
                plan_imported(snapshot, &self.policy, &self.facts, imported, self.now)
            }
        }
    }

    /// The hash of the policy: of all that decides.
    pub(crate) fn digest(&self) -> DigestKey {
        match &self.imported {
            None => self.policy.digest(),
            Some(theirs) => self.policy.digest_with(theirs.digest()),
        }
    }

    /// What goes when, from now to another moment.
    pub(crate) fn simulate(&self, snapshot: &Snapshot, to: Timestamp) -> Timeline {
        match &self.imported {
            None => simulate(snapshot, &self.policy, &self.facts, self.now, to),
            Some(theirs) => theirs.simulate(snapshot, &self.policy, &self.facts, self.protection, self.now, to),
        }
    }
}
