//! What an evaluation comes to.

use super::{
    bake::BakeFile, context::Resolved, explain::Explanation, flavor::Flavor, image::Image, json::JsonOutput,
    labels::Label, profile::Profile, rule::Rule, version::Version, warning::Warning,
};

/// The tags, labels and annotations of a build.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Metadata {
    /// The build, as the rules saw it.
    pub resolved: Resolved,
    /// The images, those that are disabled included.
    pub images: Vec<Image>,
    /// The rules in the order of their evaluation.
    pub rules: Vec<Rule>,
    /// What held for all rules.
    pub flavor: Flavor,
    /// What the rules came to.
    pub version: Version,
    /// The names of the images that take part, in lower case.
    pub image_names: Vec<String>,
    /// A reference for every image and tag, image by image; tags alone without any image.
    pub tags: Vec<String>,
    /// The tags without images.
    pub tag_names: Vec<String>,
    /// The labels, sorted by key.
    pub labels: Vec<Label>,
    /// The annotations, sorted by key.
    pub annotations: Vec<Label>,
    /// The levels that annotations are listed for.
    pub levels: Vec<String>,
    /// What the rules warned of, in their order.
    pub warnings: Vec<Warning>,
    /// What became of each rule, in the order of their evaluation.
    pub explanations: Vec<Explanation>,
    pub(super) profile: Profile,
    pub(super) separators: Separators,
    pub(super) bake_target: String,
}

/// What stands between two entries of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Separators {
    pub(super) tags: String,
    pub(super) labels: String,
    pub(super) annotations: String,
}

impl Metadata {
    /// The annotations as they are given to a build: `manifest:key=value`, level by level.
    pub fn leveled_annotations(&self) -> Vec<String> {
        self.annotations_on(self.levels.iter().map(String::as_str))
    }

    pub(super) fn annotations_on<'l>(&self, levels: impl Iterator<Item = &'l str>) -> Vec<String> {
        levels.flat_map(|level| self.annotations.iter().map(move |label| format!("{level}:{label}"))).collect()
    }

    /// What is wrong with the result as a whole: a build that has no tag cannot be pushed.
    pub fn result_warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.version.main.is_none() {
            warnings.push(Warning::NoVersion);
        }
        if self.tags.is_empty() {
            warnings.push(Warning::NoTag);
        }
        warnings
    }

    /// The document of the output `json`.
    pub fn json(&self) -> JsonOutput {
        JsonOutput::new(self)
    }

    /// The bake file with tags, labels and arguments: `bake-file`.
    pub fn bake_file(&self) -> BakeFile {
        BakeFile::all(self)
    }

    /// The bake file with tags and arguments: `bake-file-tags`.
    pub fn bake_file_tags(&self) -> BakeFile {
        BakeFile::tags(self)
    }

    /// The bake file with labels: `bake-file-labels`.
    pub fn bake_file_labels(&self) -> BakeFile {
        BakeFile::labels(self)
    }

    /// The bake file with annotations: `bake-file-annotations`.
    pub fn bake_file_annotations(&self) -> BakeFile {
        BakeFile::annotations(self)
    }
}
