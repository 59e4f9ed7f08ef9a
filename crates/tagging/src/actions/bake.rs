//! Bake files: the metadata as a target that `docker buildx bake` inherits from.

use serde::{Serialize, Serializer};

use super::{json::LabelObject, metadata::Metadata};

/// A file that defines one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BakeFile {
    target: String,
    definition: Definition,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Definition {
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<LabelObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Arguments>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Arguments {
    docker_meta_images: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    docker_meta_version: Option<String>,
}

impl BakeFile {
    /// Tags, labels and arguments.
    pub(super) fn all(metadata: &Metadata) -> Self {
        let definition = Definition {
            tags: Some(metadata.tags.clone()),
            labels: Some(LabelObject::new(&metadata.labels, metadata.profile)),
            annotations: None,
            args: Some(Arguments::new(metadata)),
        };
        Self::new(metadata, definition)
    }

    /// Tags and arguments.
    pub(super) fn tags(metadata: &Metadata) -> Self {
        let definition = Definition {
            tags: Some(metadata.tags.clone()),
            args: Some(Arguments::new(metadata)),
            ..Definition::default()
        };
        Self::new(metadata, definition)
    }

    /// Labels alone.
    pub(super) fn labels(metadata: &Metadata) -> Self {
        let labels = Some(LabelObject::new(&metadata.labels, metadata.profile));
        Self::new(metadata, Definition { labels, ..Definition::default() })
    }

    /// Annotations alone.
    ///
    /// The action hands the levels on in a text that it cuts at the first colon.
    pub(super) fn annotations(metadata: &Metadata) -> Self {
        let annotations = if metadata.profile.is_strict() {
            metadata.leveled_annotations()
        } else {
            let joined = metadata.levels.join(",");
            let kept = joined.split(':').next().unwrap_or_default();
            metadata.annotations_on(kept.split(','))
        };
        Self::new(metadata, Definition { annotations: Some(annotations), ..Definition::default() })
    }

    fn new(metadata: &Metadata, definition: Definition) -> Self {
        Self { target: metadata.bake_target.clone(), definition }
    }

    /// The content of the file.
    pub fn to_text(&self) -> String {
        // Texts, lists and maps with keys of text can always be written.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// As `{"target": {"<target>": …}}`.
impl Serialize for BakeFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Target<'f>(&'f BakeFile);

        impl Serialize for Target<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map([(&self.0.target, &self.0.definition)])
            }
        }

        serializer.collect_map([("target", Target(self))])
    }
}

impl Arguments {
    fn new(metadata: &Metadata) -> Self {
        Self { docker_meta_images: metadata.image_names.join(","), docker_meta_version: metadata.version.main.clone() }
    }
}
