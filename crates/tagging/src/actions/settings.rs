//! The settings that come as environment variables.

use super::{
    error::{ActionError, ActionProblem, Stage},
    js,
    profile::Profile,
    strict::StrictProblem,
};

/// The variables `DOCKER_METADATA_*`, as they are set. `None` and an empty text mean the same: the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// `DOCKER_METADATA_PR_HEAD_SHA`: whether the commit of a pull request is its head and not the merge.
    pub pr_head_sha: Option<String>,
    /// `DOCKER_METADATA_SHORT_SHA_LENGTH`: the digits of a short commit, 7 by default.
    pub short_sha_length: Option<String>,
    /// `DOCKER_METADATA_ANNOTATIONS_LEVELS`: the levels that annotations are listed for, `manifest` by default.
    pub annotations_levels: Option<String>,
    /// `DOCKER_METADATA_SET_OUTPUT_ENV`: whether outputs are exported as variables, `true` by default.
    pub set_output_env: Option<String>,
}

/// The levels that `BuildKit` knows.
const LEVELS: [&str; 4] = ["manifest", "index", "manifest-descriptor", "index-descriptor"];

impl Settings {
    /// Takes the settings from variables, whose values `lookup` knows.
    ///
    /// ```
    /// use lockage_tagging::actions::Settings;
    ///
    /// let settings = Settings::from_lookup(|name| (name == "DOCKER_METADATA_SHORT_SHA_LENGTH").then(|| "12".into()));
    /// assert_eq!(settings.short_sha_length.as_deref(), Some("12"));
    /// ```
    pub fn from_lookup(mut lookup: impl FnMut(&str) -> Option<String>) -> Self {
        Self {
            pr_head_sha: lookup("DOCKER_METADATA_PR_HEAD_SHA"),
            short_sha_length: lookup("DOCKER_METADATA_SHORT_SHA_LENGTH"),
            annotations_levels: lookup("DOCKER_METADATA_ANNOTATIONS_LEVELS"),
            set_output_env: lookup("DOCKER_METADATA_SET_OUTPUT_ENV"),
        }
    }

    /// Whether outputs are exported as environment variables too.
    ///
    /// # Errors
    ///
    /// When the setting is no boolean.
    pub fn exports(&self) -> Result<bool, ActionError> {
        match set(&self.set_output_env) {
            None => Ok(true),
            Some(text) => read_boolean(text)
                .ok_or_else(|| ActionError::new(Stage::Outputs, ActionProblem::InvalidBoolean(text.to_owned()))),
        }
    }

    pub(super) fn wants_head(&self, profile: Profile) -> Result<bool, StrictProblem> {
        let Some(text) = set(&self.pr_head_sha) else {
            return Ok(false);
        };
        if !profile.is_strict() {
            return Ok(text.to_ascii_lowercase().contains("true"));
        }
        read_boolean(text)
            .ok_or_else(|| StrictProblem::Boolean { setting: "DOCKER_METADATA_PR_HEAD_SHA", value: text.to_owned() })
    }

    pub(super) fn levels(&self, profile: Profile) -> Result<Vec<String>, StrictProblem> {
        let text = set(&self.annotations_levels).unwrap_or("manifest");
        if !profile.is_strict() {
            return Ok(text.split(',').map(str::to_owned).collect());
        }
        let mut levels: Vec<String> = Vec::new();
        for level in text.split(',').map(js::trim).filter(|level| !level.is_empty()) {
            if !is_level(level) {
                return Err(StrictProblem::Level(level.to_owned()));
            }
            if !levels.iter().any(|other| other == level) {
                levels.push(level.to_owned());
            }
        }
        Ok(levels)
    }

    /// The commit in its short form.
    pub(super) fn shorten<'s>(&self, sha: &'s str, profile: Profile) -> Result<&'s str, ActionProblem> {
        const DEFAULT: f64 = 7.0;
        let length = match set(&self.short_sha_length) {
            None => DEFAULT,
            Some(text) => {
                let length = js::number(text);
                if length.is_nan() {
                    return Err(ActionProblem::InvalidShortLength(text.to_owned()));
                }
                if profile.is_strict() && (length < 1.0 || length.fract() != 0.0) {
                    return Err(StrictProblem::ShortLength(text.to_owned()).into());
                }
                length
            }
        };
        let end = sha.char_indices().zip(1_u32..).find(|(_, count)| f64::from(*count) > length);
        Ok(end.and_then(|((end, _), _)| sha.get(..end)).unwrap_or(sha))
    }
}

fn set(setting: &Option<String>) -> Option<&str> {
    setting.as_deref().filter(|text| !text.is_empty())
}

/// The booleans of Go, which the action's tools share.
fn read_boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Whether `level` is one of the levels, for all platforms or for one: `manifest[linux/amd64]`.
fn is_level(level: &str) -> bool {
    let name = match level.split_once('[') {
        None => level,
        Some((name, platform)) => match platform.strip_suffix(']') {
            Some(platform) if !platform.is_empty() && !platform.contains([':', '[', ']']) => name,
            _ => return false,
        },
    };
    LEVELS.contains(&name)
}
