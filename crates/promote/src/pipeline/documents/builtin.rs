//! `BuiltIn`: the gates of this crate, from documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockage_registry::{Platform, Repository, Source, Tag};
use serde::Deserialize;

use super::values::{duration, parsed};
use super::{GateFactory, Parameters, TableProblem};
use crate::Gate;
use crate::pipeline::Name;
use crate::pipeline::approval::{ApprovalGate, StatementVerifier, Unsigned};
use crate::pipeline::gates::{
    CompletenessGate, ImageConfigGate, RepositoryTagGate, SbomGate, SoakGate, SupersededGate,
};

/// Makes the gates of this crate.
///
/// | kind | parameters |
/// |---|---|
/// | `approval` | `quorum`; `groups` with `name`, `members`, `needed`; `not`: who may not; `not-actor`; `max-age` |
/// | `config` | `non-root`: true, or the names that are not root; `user`, `entrypoint`, `labels`, `ports`, `no-ports`, `no-env` |
/// | `kill-switch` | `repository`, `tag`; `fails`: rather than waits |
/// | `platforms` | `platforms`; `no-others` |
/// | `sbom` | none |
/// | `soak` | `environment`, `for`; `in-total` |
/// | `superseded` | none |
///
/// Durations are written as `90m`, `36h` or `2d 4h`; a day has 24 hours.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct BuiltIn {
    source: Option<Arc<dyn Source>>,
    verifier: Option<Arc<dyn StatementVerifier>>,
}

const KINDS: [&str; 7] = ["approval", "config", "kill-switch", "platforms", "sbom", "soak", "superseded"];

impl BuiltIn {
    /// Gates that read nothing but the image and the ledger.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gates that read other repositories too, through this: `kill-switch` needs it.
    pub fn reading(self, source: impl Source + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    /// Approvals are verified by this: `approval` needs it.
    pub fn verifying(self, verifier: impl StatementVerifier + 'static) -> Self {
        Self { verifier: Some(Arc::new(verifier)), ..self }
    }
}

impl GateFactory for BuiltIn {
    fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Gate>, TableProblem> {
        Ok(match kind {
            "approval" => Arc::new(self.approval(parameters.read()?)?.named(name)),
            "config" => Arc::new(parameters.read::<Config>()?.gate()?.named(name)),
            "kill-switch" => Arc::new(self.kill_switch(parameters.read()?)?.named(name)),
            "platforms" => Arc::new(parameters.read::<Platforms>()?.gate()?.named(name)),
            "sbom" => {
                let Sbom {} = parameters.read()?;
                Arc::new(SbomGate::new().named(name))
            }
            "soak" => Arc::new(parameters.read::<Soak>()?.gate()?.named(name)),
            "superseded" => {
                let Superseded {} = parameters.read()?;
                Arc::new(SupersededGate::new().named(name))
            }
            _ => return Err(TableProblem::unknown(kind, KINDS)),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Approvals {
    quorum: usize,
    #[serde(default)]
    groups: Vec<Group>,
    #[serde(default)]
    not: Vec<String>,
    #[serde(default)]
    not_actor: bool,
    max_age: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Group {
    name: String,
    members: Vec<String>,
    #[serde(default)]
    needed: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct KillSwitch {
    repository: String,
    tag: String,
    #[serde(default)]
    fails: bool,
}

impl BuiltIn {
    fn approval(&self, written: Approvals) -> Result<ApprovalGate, TableProblem> {
        let verifier = self
            .verifier
            .clone()
            .ok_or_else(|| TableProblem::parameters("approvals are signed, and nothing was given to verify them by"))?;
        if written.quorum == 0 {
            return Err(TableProblem::parameters("quorum: nobody would have to approve"));
        }
        let members = written.groups.iter().flat_map(|group| group.members.iter().map(|name| ("groups", name)));
        for (place, name) in members.chain(written.not.iter().map(|name| ("not", name))) {
            if let Some(Unsigned { why, remedy }) = verifier.never_signs_as(name) {
                return Err(TableProblem::Parameters { why: format!("{place}: {why}"), remedy: Some(remedy) });
            }
        }
        let mut gate = ApprovalGate::new(verifier, written.quorum);
        for Group { name, members, needed } in written.groups {
            if needed > members.len() {
                return Err(TableProblem::parameters(format!("groups: {name} has fewer members than are needed")));
            }
            gate = gate.group_with(name, members, needed);
        }
        gate = written.not.into_iter().fold(gate, ApprovalGate::not);
        if written.not_actor {
            gate = gate.not_actor();
        }
        Ok(match written.max_age {
            Some(text) => gate.max_age(duration("max-age", &text)?),
            None => gate,
        })
    }

    fn kill_switch(&self, written: KillSwitch) -> Result<RepositoryTagGate, TableProblem> {
        let source = self
            .source
            .clone()
            .ok_or_else(|| TableProblem::parameters("it reads a repository, and nothing was given to read it by"))?;
        let repository: Repository = parsed("repository", &written.repository)?;
        let tag: Tag = parsed("tag", &written.tag)?;
        let gate = RepositoryTagGate::new(source, repository, tag);
        Ok(if written.fails { gate.fails() } else { gate })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Soak {
    environment: String,
    r#for: String,
    #[serde(default)]
    in_total: bool,
}

impl Soak {
    fn gate(self) -> Result<SoakGate, TableProblem> {
        let environment: Name = parsed("environment", &self.environment)?;
        let gate = SoakGate::new(environment, duration("for", &self.r#for)?);
        Ok(if self.in_total { gate.in_total() } else { gate })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Platforms {
    platforms: Vec<String>,
    #[serde(default)]
    no_others: bool,
}

impl Platforms {
    fn gate(self) -> Result<CompletenessGate, TableProblem> {
        if self.platforms.is_empty() {
            return Err(TableProblem::parameters("platforms: none is asked for"));
        }
        let platforms = self.platforms.iter().map(|text| parsed::<Platform>("platforms", text));
        let gate = CompletenessGate::new(platforms.collect::<Result<Vec<_>, _>>()?);
        Ok(if self.no_others { gate.no_others() } else { gate })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sbom {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Superseded {}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Config {
    non_root: Option<NonRoot>,
    user: Option<String>,
    #[serde(default)]
    entrypoint: bool,
    labels: Option<Labels>,
    ports: Option<Vec<String>>,
    #[serde(default)]
    no_ports: Vec<String>,
    #[serde(default)]
    no_env: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NonRoot {
    Any(bool),
    Or(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Labels {
    Names(Vec<String>),
    Values(BTreeMap<String, String>),
}

impl Config {
    fn gate(self) -> Result<ImageConfigGate, TableProblem> {
        let has_rule = !matches!(self.non_root, None | Some(NonRoot::Any(false)))
            || self.user.is_some()
            || self.entrypoint
            || self.labels.is_some()
            || self.ports.is_some()
            || !self.no_ports.is_empty()
            || !self.no_env.is_empty();
        if !has_rule {
            return Err(TableProblem::parameters("no rule is given, so that every image would pass"));
        }
        let mut gate = ImageConfigGate::new();
        gate = match self.non_root {
            Some(NonRoot::Any(true)) => gate.non_root(),
            Some(NonRoot::Or(names)) => gate.non_root_or(names),
            Some(NonRoot::Any(false)) | None => gate,
        };
        if let Some(user) = self.user {
            gate = gate.user(user);
        }
        if self.entrypoint {
            gate = gate.entrypoint();
        }
        gate = match self.labels {
            Some(Labels::Names(names)) => names.into_iter().fold(gate, ImageConfigGate::label),
            Some(Labels::Values(labels)) => {
                labels.into_iter().fold(gate, |gate, (name, value)| gate.label_is(name, value))
            }
            None => gate,
        };
        if let Some(ports) = self.ports {
            gate = gate.only_ports(ports);
        }
        gate = self.no_ports.into_iter().fold(gate, ImageConfigGate::no_port);
        Ok(self.no_env.into_iter().fold(gate, ImageConfigGate::no_env))
    }
}
