//! What an image's scan reports have to be like: a document, or a builder whose shortest form is the strictest.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::period::Period;
use super::{DAY, Kind, Limit, Severity};

/// What an image's scan reports have to be like.
///
/// [`at_least`](Self::at_least) alone is the strictest that there is: every finding of that severity counts, fixed or
/// not, on every platform; the database and the scan are at most a day old; the operating system is known and not at
/// its end of life; what the scanner hid comes back. Each method takes one of these away.
///
/// ```
/// use lockage_policy::scan::{DAY, ScanConfig, Severity};
///
/// let config = ScanConfig::at_least(Severity::High)
///     .ignore_unfixed()
///     .grace(Severity::High, DAY * 7)
///     .only_new_since("prod");
/// # let _ = config;
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanConfig {
    pub(super) at_least: Severity,
    #[serde(default)]
    pub(super) ignore_unfixed: bool,
    #[serde(default = "critical")]
    pub(super) unknown_as: Severity,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) grace: BTreeMap<Severity, Period>,
    #[serde(default)]
    pub(super) grace_from: GraceFrom,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) only_new_since: Option<String>,
    #[serde(default = "one_day")]
    pub(super) max_db_age: Limit,
    #[serde(default = "one_day")]
    pub(super) max_evidence_age: Limit,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) platforms: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<String>,
    #[serde(default)]
    pub(super) os: OsRule,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) end_of_life: BTreeMap<String, Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) classes: Option<Vec<Kind>>,
    #[serde(default)]
    pub(super) believe_suppressed: bool,
    #[serde(default)]
    pub(super) exceptions: ExceptionRules,
    #[serde(default)]
    pub(super) vex: VexRules,
}

/// From when a period of grace runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GraceFrom {
    /// From the day on which the finding was made public.
    #[default]
    Published,
    /// From the day on which there was a fix. Only Grype's reports have it.
    FixAvailable,
}

/// What has to be known of the operating system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OsRule {
    /// Which it is.
    #[default]
    Known,
    /// That there is none will do where the report shows packages of a language: images from scratch with one binary.
    PackagesSuffice,
    /// A format that has no place for it will do too: SARIF, OSV. It writes the same of a clean image and of one that the
    /// scanner could not look into.
    MayBeUnstated,
}

/// Which exceptions are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExceptionRules {
    pub(super) max: Limit,
    pub(super) without_owner: bool,
    pub(super) without_expiry: bool,
}

/// Which VEX statements are heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VexRules {
    pub(super) max_age: Limit,
    pub(super) authors: Vec<String>,
}

impl Default for ExceptionRules {
    fn default() -> Self {
        Self { max: Limit::Within(DAY * 90), without_owner: false, without_expiry: false }
    }
}

impl Default for VexRules {
    fn default() -> Self {
        Self { max_age: Limit::Within(DAY * 90), authors: Vec::new() }
    }
}

fn critical() -> Severity {
    Severity::Critical
}

fn one_day() -> Limit {
    Limit::Within(DAY)
}

impl ScanConfig {
    /// The environment whose findings do not count.
    #[must_use]
    pub fn baseline_environment(&self) -> Option<&str> {
        self.only_new_since.as_deref()
    }

    /// What a severity counts as.
    pub(super) fn counted(&self, severity: Severity) -> Severity {
        match severity {
            Severity::Unknown => self.unknown_as,
            known => known,
        }
    }

    /// Refuses findings of this severity and worse ones, and asks for all that can be asked for.
    #[must_use]
    pub fn at_least(severity: Severity) -> Self {
        Self {
            at_least: severity,
            ignore_unfixed: false,
            unknown_as: critical(),
            grace: BTreeMap::new(),
            grace_from: GraceFrom::default(),
            only_new_since: None,
            max_db_age: one_day(),
            max_evidence_age: one_day(),
            platforms: Vec::new(),
            tools: Vec::new(),
            os: OsRule::default(),
            end_of_life: BTreeMap::new(),
            classes: None,
            believe_suppressed: false,
            exceptions: ExceptionRules::default(),
            vex: VexRules::default(),
        }
    }

    /// Lets a finding pass that is said to have no fix. Where nothing is said, it counts.
    #[must_use]
    pub fn ignore_unfixed(mut self) -> Self {
        self.ignore_unfixed = true;
        self
    }

    /// Counts a finding without a severity as this; as critical otherwise.
    #[must_use]
    pub fn unknown_as(mut self, severity: Severity) -> Self {
        self.unknown_as = severity;
        self
    }

    /// Lets a finding of exactly this severity pass for so long. One without a date, with a date to come, or that is
    /// exploited already, has no grace.
    #[must_use]
    pub fn grace(mut self, severity: Severity, period: Duration) -> Self {
        self.grace.insert(severity, Period(period));
        self
    }

    /// From when grace runs.
    #[must_use]
    pub fn grace_from(mut self, from: GraceFrom) -> Self {
        self.grace_from = from;
        self
    }

    /// Lets a finding pass that this environment has already, as the [`Baseline`](super::Baseline) tells. Without a
    /// baseline every finding is new.
    #[must_use]
    pub fn only_new_since(mut self, environment: impl Into<String>) -> Self {
        self.only_new_since = Some(environment.into());
        self
    }

    /// How old the scanner's database may be; one day otherwise.
    #[must_use]
    pub fn max_db_age(mut self, limit: Limit) -> Self {
        self.max_db_age = limit;
        self
    }

    /// How long ago the scan may be; one day otherwise.
    #[must_use]
    pub fn max_evidence_age(mut self, limit: Limit) -> Self {
        self.max_evidence_age = limit;
        self
    }

    /// Expects the image to have this platform: `linux/arm64`.
    #[must_use]
    pub fn platform(mut self, platform: impl Into<String>) -> Self {
        self.platforms.push(platform.into());
        self
    }

    /// Expects a report of this scanner on every platform: `trivy`.
    #[must_use]
    pub fn tool(mut self, tool: &str) -> Self {
        self.tools.push(tool.to_lowercase());
        self
    }

    /// What has to be known of the operating system.
    #[must_use]
    pub fn os(mut self, rule: OsRule) -> Self {
        self.os = rule;
        self
    }

    /// Says when an operating system's end of life is: `debian 12`. Its first words are compared: `debian 12` is also
    /// `debian 12.5`. It adds to what reports say, and answers for those that say nothing.
    #[must_use]
    pub fn end_of_life(mut self, os: impl Into<String>, date: Date) -> Self {
        self.end_of_life.insert(os.into(), date);
        self
    }

    /// Counts findings of these classes only; of every class otherwise.
    #[must_use]
    pub fn classes(mut self, classes: impl IntoIterator<Item = Kind>) -> Self {
        self.classes = Some(classes.into_iter().collect());
        self
    }

    /// Believes what the scanner was told to hide, by files and options that nobody here has seen.
    #[must_use]
    pub fn believe_suppressed(mut self) -> Self {
        self.believe_suppressed = true;
        self
    }

    /// How far ahead an exception's last day may lie; 90 days otherwise.
    #[must_use]
    pub fn max_exception(mut self, limit: Limit) -> Self {
        self.exceptions.max = limit;
        self
    }

    /// Hears exceptions that nobody answers for, as in a `.trivyignore`.
    #[must_use]
    pub fn exceptions_without_owner(mut self) -> Self {
        self.exceptions.without_owner = true;
        self
    }

    /// Hears exceptions that never end.
    #[must_use]
    pub fn exceptions_without_expiry(mut self) -> Self {
        self.exceptions.without_expiry = true;
        self
    }

    /// How old a VEX statement may be; 90 days otherwise.
    #[must_use]
    pub fn max_vex_age(mut self, limit: Limit) -> Self {
        self.vex.max_age = limit;
        self
    }

    /// Hears VEX of this author only, and of others that are named so.
    #[must_use]
    pub fn vex_author(mut self, author: impl Into<String>) -> Self {
        self.vex.authors.push(author.into());
        self
    }
}
