//! The inputs of the action: as the strings of a workflow, and as lists.

use serde::{Deserialize, Serialize};

use super::{
    csv,
    error::{ActionError, ActionProblem, Stage},
    js,
    profile::Profile,
};

/// The inputs of the action as a workflow has them: one string each, with an entry a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct RawInputs {
    /// `images`.
    pub images: String,
    /// `tags`.
    pub tags: String,
    /// `flavor`.
    pub flavor: String,
    /// `labels`.
    pub labels: String,
    /// `annotations`.
    pub annotations: String,
    /// `sep-tags`.
    pub sep_tags: String,
    /// `sep-labels`.
    pub sep_labels: String,
    /// `sep-annotations`.
    pub sep_annotations: String,
    /// `bake-target`.
    pub bake_target: String,
}

impl RawInputs {
    /// Reads the strings as lists.
    ///
    /// # Errors
    ///
    /// When a string is no CSV.
    pub fn parse(&self, profile: Profile) -> Result<Inputs, ActionError> {
        let list = |text, twice| list(text, twice, profile).map_err(|error| ActionError::new(Stage::Inputs, error));
        let split_again = |text| list(text, true);
        let whole = |text| list(text, false);
        let defaults = Inputs::default();
        let or = |text: &str, default: String| if text.is_empty() { default } else { text.to_owned() };
        Ok(Inputs {
            images: split_again(&self.images)?,
            tags: split_again(&self.tags)?,
            flavor: split_again(&self.flavor)?,
            labels: whole(&self.labels)?,
            annotations: whole(&self.annotations)?,
            sep_tags: or(&self.sep_tags, defaults.sep_tags),
            sep_labels: or(&self.sep_labels, defaults.sep_labels),
            sep_annotations: or(&self.sep_annotations, defaults.sep_annotations),
            bake_target: or(js::trim(&self.bake_target), defaults.bake_target),
        })
    }
}

/// The inputs of the action as lists.
///
/// ```
/// use lockage_tagging::actions::Inputs;
///
/// let inputs = Inputs::new().image("ghcr.io/acme/app").tag("type=semver,pattern={{version}}").tag("type=sha");
/// assert_eq!(inputs.tags.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Inputs {
    /// The images that the tags are for.
    pub images: Vec<String>,
    /// The rules that tags are made by.
    pub tags: Vec<String>,
    /// What holds for all rules.
    pub flavor: Vec<String>,
    /// Labels beside the usual ones: templates of `key=value`.
    pub labels: Vec<String>,
    /// Annotations beside the usual ones: templates of `key=value`.
    pub annotations: Vec<String>,
    /// What stands between two tags of an output.
    pub sep_tags: String,
    /// What stands between two labels of an output.
    pub sep_labels: String,
    /// What stands between two annotations of an output.
    pub sep_annotations: String,
    /// The target that the bake files define.
    pub bake_target: String,
}

impl Default for Inputs {
    fn default() -> Self {
        let line_end = || "\n".to_owned();
        Self {
            images: Vec::new(),
            tags: Vec::new(),
            flavor: Vec::new(),
            labels: Vec::new(),
            annotations: Vec::new(),
            sep_tags: line_end(),
            sep_labels: line_end(),
            sep_annotations: line_end(),
            bake_target: "docker-metadata-action".to_owned(),
        }
    }
}

impl Inputs {
    /// No image, the default rules, no flavor.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry to `images`.
    #[must_use]
    pub fn image(mut self, entry: impl Into<String>) -> Self {
        self.images.push(entry.into());
        self
    }

    /// Adds an entry to `tags`.
    #[must_use]
    pub fn tag(mut self, entry: impl Into<String>) -> Self {
        self.tags.push(entry.into());
        self
    }

    /// Adds an entry to `flavor`.
    #[must_use]
    pub fn flavor(mut self, entry: impl Into<String>) -> Self {
        self.flavor.push(entry.into());
        self
    }

    /// Adds an entry to `labels`.
    #[must_use]
    pub fn label(mut self, entry: impl Into<String>) -> Self {
        self.labels.push(entry.into());
        self
    }

    /// Adds an entry to `annotations`.
    #[must_use]
    pub fn annotation(mut self, entry: impl Into<String>) -> Self {
        self.annotations.push(entry.into());
        self
    }
}

/// The entries of an input. `split_again` when each will be split at its commas.
fn list(text: &str, split_again: bool, profile: Profile) -> Result<Vec<String>, ActionProblem> {
    let text = js::trim(text);
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let records = csv::relaxed(text).map_err(|error| ActionProblem::Csv(error.message))?;
    Ok(records
        .into_iter()
        .map(|fields| if split_again && profile.is_strict() { requote(&fields) } else { fields.join(",") })
        .filter(|entry| !entry.is_empty())
        .map(|entry| js::trim(&entry).to_owned())
        .filter(|entry| !profile.is_strict() || is_entry(entry))
        .collect())
}

/// The fields of a record as one entry that splits into them again.
///
/// Quotes are gone by now. A field that holds a comma comes apart when the entry is split, so what stood in quotes
/// gets them back, unless it brought a second pair for this very reason. An entry that was quoted as a whole is split.
fn requote(fields: &[String]) -> String {
    let requoted = |field: &String| {
        if field.contains(',') && !field.starts_with('"') && fields.len() > 1 {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            field.clone()
        }
    };
    fields.iter().map(requoted).collect::<Vec<_>>().join(",")
}

/// Whether a line says anything: it is neither blank nor a comment.
pub(super) fn is_entry(entry: &str) -> bool {
    let entry = js::trim(entry);
    !entry.is_empty() && !entry.starts_with('#')
}
