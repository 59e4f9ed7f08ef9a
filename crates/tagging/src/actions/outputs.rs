//! The outputs of the action: names, values, and the variables that they are exported as.

use super::{bake::BakeFile, metadata::Metadata};

/// An output whose value is a text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// The name: `tag-names`.
    pub name: &'static str,
    /// The value. It can have several lines.
    pub value: String,
}

/// An output whose value is the path of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileOutput {
    /// The name: `bake-file-tags`.
    pub name: &'static str,
    /// What the action calls the file.
    pub file_name: &'static str,
    /// What is in the file.
    pub file: BakeFile,
}

impl Metadata {
    /// The outputs that are texts: `version`, `tags`, `tag-names`, `labels`, `annotations`, `json`.
    pub fn outputs(&self) -> Vec<Output> {
        let labels: Vec<String> = self.labels.iter().map(ToString::to_string).collect();
        // Texts, lists and maps with keys of text can always be written.
        let json = serde_json::to_string(&self.json()).unwrap_or_default();
        [
            ("version", self.version.main.clone().unwrap_or_default()),
            ("tags", self.tags.join(&self.separators.tags)),
            ("tag-names", self.tag_names.join(&self.separators.tags)),
            ("labels", labels.join(&self.separators.labels)),
            ("annotations", self.leveled_annotations().join(&self.separators.annotations)),
            ("json", json),
        ]
        .into_iter()
        .map(|(name, value)| Output { name, value })
        .collect()
    }

    /// The outputs that are paths of bake files, for the caller to write where it likes.
    pub fn file_outputs(&self) -> Vec<FileOutput> {
        [
            ("bake-file-tags", "docker-metadata-action-bake-tags.json", self.bake_file_tags()),
            ("bake-file-labels", "docker-metadata-action-bake-labels.json", self.bake_file_labels()),
            ("bake-file-annotations", "docker-metadata-action-bake-annotations.json", self.bake_file_annotations()),
            ("bake-file", "docker-metadata-action-bake.json", self.bake_file()),
        ]
        .into_iter()
        .map(|(name, file_name, file)| FileOutput { name, file_name, file })
        .collect()
    }
}

/// The environment variable that the output `name` is exported as.
///
/// ```
/// use lockage_tagging::actions::output_variable;
///
/// assert_eq!(output_variable("tag-names"), "DOCKER_METADATA_OUTPUT_TAG_NAMES");
/// ```
pub fn output_variable(name: &str) -> String {
    let word = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' };
    format!("DOCKER_METADATA_OUTPUT_{}", name.chars().map(word).collect::<String>())
}
