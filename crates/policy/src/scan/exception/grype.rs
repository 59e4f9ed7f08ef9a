//! The list `ignore` of a `.grype.yaml`, as far as it names what it ignores.

use serde::{Deserialize, Serialize};

use super::{Exception, Exceptions, Glob};

/// The list `ignore` of a `.grype.yaml`: vulnerabilities, each in any package or in one by its name, version and place.
/// Rules by fix state, by namespace or by kind of match say nothing of a finding that somebody answers for, and are
/// errors, as is any field that is not known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GrypeIgnore {
    ignore: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    vulnerability: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, rename = "include-aliases")]
    include_aliases: bool,
    #[serde(default)]
    package: RulePackage,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RulePackage {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Glob>,
}

impl GrypeIgnore {
    /// Its exceptions, which remember that they come from `source`.
    #[must_use]
    pub fn into_exceptions(self, source: &str) -> Exceptions {
        let exception = |rule: Rule| Exception {
            package: rule.package.name,
            version: rule.package.version,
            paths: rule.package.location.into_iter().collect(),
            reason: rule.reason,
            ..Exception::new(rule.vulnerability, source)
        };
        Exceptions { all: self.ignore.into_iter().map(exception).collect() }
    }
}
