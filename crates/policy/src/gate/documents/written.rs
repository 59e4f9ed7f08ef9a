//! What a document says of the gates of this crate.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::scan::{ChecksConfig, Format, ScanConfig};
use crate::window::{Action, Window};

/// `kind = "scan"`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Scan {
    /// What reports have to be like, as in the section of that name of a `gate.toml`.
    pub(super) scan: Option<ScanConfig>,
    /// A file with that section.
    pub(super) config: Option<String>,
    #[serde(default)]
    pub(super) reports: Vec<ReportPath>,
    #[serde(default)]
    pub(super) database: Vec<String>,
    pub(super) scanner: Option<ScannerName>,
    pub(super) attested: Option<Attested>,
    #[serde(default)]
    pub(super) exceptions: Vec<String>,
    #[serde(default)]
    pub(super) vex: Vec<String>,
    pub(super) baseline: Option<Baseline>,
}

/// A path, or a path and the format of what is there.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum ReportPath {
    Path(String),
    Of(PathOf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PathOf {
    pub(super) path: String,
    pub(super) format: Option<Format>,
}

/// A scanner by its name, or by its name and what it is given.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum ScannerName {
    Name(String),
    With {
        name: String,
        #[serde(flatten)]
        options: Map<String, Value>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attested {
    pub(super) signers: Vec<String>,
}

/// What the environment of `only_new_since` has.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    /// Where its images are, if neither where the edge begins nor where it leads.
    pub(super) repository: Option<String>,
    #[serde(default)]
    pub(super) reports: Vec<ReportPath>,
}

/// `kind = "checks"`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Checks {
    /// What reports have to be like, as in the section of that name of a `gate.toml`.
    pub(super) checks: Option<ChecksConfig>,
    /// A file with that section.
    pub(super) config: Option<String>,
    #[serde(default)]
    pub(super) reports: Vec<ReportPath>,
    #[serde(default)]
    pub(super) exits: Vec<Exit>,
    #[serde(default)]
    pub(super) tools: Vec<String>,
    /// The variable with the commit of whatever does not say its own.
    pub(super) commit_env: Option<String>,
}

/// A file, or a variable, with the status that a tool ended with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exit {
    pub(super) tool: String,
    pub(super) path: Option<String>,
    pub(super) env: Option<String>,
}

/// `kind = "window"`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct WindowsOf {
    pub(super) windows: Option<Vec<Window>>,
    /// A file with them.
    pub(super) file: Option<String>,
    pub(super) action: Option<Action>,
    pub(super) kill_switch: Option<KillSwitch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KillSwitch {
    pub(super) repository: String,
    pub(super) tag: String,
}
