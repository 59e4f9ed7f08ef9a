//! The input `flavor`: what holds for all rules.

use serde::{Serialize, Serializer};

use super::{
    error::ActionProblem,
    fields::{after_sign, between_signs, fields},
    profile::Profile,
};

/// What holds for all rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Flavor {
    /// Whether there is a tag `latest`.
    pub latest: LatestFlavor,
    /// What stands before every tag whose rule brings no prefix: a template.
    pub prefix: String,
    /// Whether `latest` gets the prefix too.
    pub prefix_latest: bool,
    /// What stands after every tag whose rule brings no suffix: a template.
    pub suffix: String,
    /// Whether `latest` gets the suffix too.
    pub suffix_latest: bool,
}

/// Whether there is a tag `latest`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LatestFlavor {
    /// The first rule that gives a tag decides.
    #[default]
    Auto,
    /// Whenever a rule gives a tag.
    Always,
    /// Never.
    Never,
}

impl LatestFlavor {
    /// The flavor as it is written in an input: `auto`, `true`, `false`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "true",
            Self::Never => "false",
        }
    }

    fn read(text: &str) -> Option<Self> {
        [Self::Auto, Self::Always, Self::Never].into_iter().find(|latest| latest.as_str() == text)
    }
}

impl Serialize for LatestFlavor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What `onlatest=` speaks about: the last prefix or suffix of the same entry.
enum Last {
    Nothing,
    Prefix,
    Suffix,
}

pub(super) fn parse_flavor(entries: &[String], profile: Profile) -> Result<Flavor, ActionProblem> {
    let mut flavor = Flavor::default();
    let split = if profile.is_strict() { after_sign } else { between_signs };
    for entry in entries {
        let mut last = Last::Nothing;
        for field in fields(entry)? {
            let Some((key, value)) = split(&field) else {
                return Err(ActionProblem::InvalidFlavor(entry.clone()));
            };
            match key.as_str() {
                "latest" => {
                    flavor.latest =
                        LatestFlavor::read(value).ok_or_else(|| ActionProblem::InvalidLatest(entry.clone()))?;
                }
                "prefix" => {
                    value.clone_into(&mut flavor.prefix);
                    last = Last::Prefix;
                }
                "suffix" => {
                    value.clone_into(&mut flavor.suffix);
                    last = Last::Suffix;
                }
                "onlatest" => {
                    let on = match value {
                        "true" => true,
                        "false" => false,
                        _ => return Err(ActionProblem::InvalidOnLatest(value.to_owned())),
                    };
                    match last {
                        Last::Nothing => {}
                        Last::Prefix => flavor.prefix_latest = on,
                        Last::Suffix => flavor.suffix_latest = on,
                    }
                }
                _ => return Err(ActionProblem::UnknownFlavor(entry.clone())),
            }
        }
    }
    Ok(flavor)
}
