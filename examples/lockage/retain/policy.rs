//! Policies and facts of files, and plans of both.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use lockage_policy::import::{ImportedPolicy, System};
use lockage_policy::retain::{
    Capabilities, Facts, Format, ImportFrom, Plan, Policy, Protection, Snapshot, plan, plan_imported,
};

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

    /// Keep no more than that system keeps, to compare with it. Never delete by such a plan.
    #[arg(long)]
    faithful: bool,

    /// What is known besides: what is in use, was promoted, must not be touched; one JSON document.
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,

    /// What the registry can do.
    #[arg(long, value_enum)]
    registry: Option<Registry>,

    /// The moment to plan for; now otherwise.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Whose {
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

/// A document that is none, and its file.
#[derive(Debug)]
struct Invalid {
    file: PathBuf,
    what: String,
    remedy: Option<&'static str>,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.what)?;
        match self.remedy {
            Some(remedy) => write!(f, "\n{remedy}"),
            None => Ok(()),
        }
    }
}

impl Error for Invalid {}

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
    Failure::usage(&Invalid { file: file.to_owned(), what: what.to_string(), remedy })
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
    /// The same with the policy of another file.
    pub(crate) fn with_policy(&self, file: &Path) -> Self {
        Self { policy: file.to_owned(), ..self.clone() }
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
                    &"--faithful is for policies of other systems: name one with --format",
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
    /// The same with what another one knows, at the same moment.
    pub(crate) fn knowing(self, other: &Self) -> Self {
        Self { facts: other.facts.clone(), now: other.now, ..self }
    }

    /// What the registry can do, unless the arguments or the facts say so.
    pub(crate) fn registry_can(&mut self, can: Capabilities) {
        if !self.is_told && self.facts.capabilities == Capabilities::default() {
            self.facts.capabilities = can;
        }
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

    /// Whether other rules than the own ones decide.
    pub(crate) fn is_imported(&self) -> bool {
        self.imported.is_some()
    }
}
