//! The document that `lockage gate scan` is configured with.

use serde::{Deserialize, Serialize};

use super::{ChecksConfig, ScanConfig};

/// What scan reports, and reports of other tools, have to be like. A document without both decides nothing and is
/// refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, try_from = "Written")]
#[non_exhaustive]
pub struct GateConfig {
    /// For reports of scanners.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan: Option<ScanConfig>,
    /// For reports of linters, tests, and whatever writes SARIF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<ChecksConfig>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    scan: Option<ScanConfig>,
    checks: Option<ChecksConfig>,
}

impl TryFrom<Written> for GateConfig {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match written {
            Written { scan: None, checks: None } => Err("a gate needs a section scan or checks"),
            Written { scan, checks } => Ok(Self { scan, checks }),
        }
    }
}
