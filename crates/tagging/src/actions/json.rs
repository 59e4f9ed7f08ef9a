//! The output `json`, and the object of labels that it shares with the bake files.

use serde::{Serialize, Serializer};

use super::{labels::Label, metadata::Metadata, profile::Profile};

/// The document of the output `json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct JsonOutput {
    tags: Vec<String>,
    tag_names: Vec<String>,
    labels: LabelObject,
    annotations: Vec<String>,
}

impl JsonOutput {
    pub(super) fn new(metadata: &Metadata) -> Self {
        Self {
            tags: metadata.tags.clone(),
            tag_names: metadata.tag_names.clone(),
            labels: LabelObject::new(&metadata.labels, metadata.profile),
            annotations: metadata.leveled_annotations(),
        }
    }
}

/// Labels as an object, in the order that an object of the action's runtime has: whole numbers first, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LabelObject(Vec<(String, String)>);

impl LabelObject {
    pub(super) fn new(labels: &[Label], profile: Profile) -> Self {
        let mut entries: Vec<(String, String)> = labels
            .iter()
            .filter(|label| profile.is_strict() || label.key != "__proto__")
            .map(|label| {
                let value = match profile {
                    Profile::Strict => label.value.as_str(),
                    Profile::Compatible => label.value.split(is_line_end).next().unwrap_or_default(),
                };
                (label.key.clone(), value.to_owned())
            })
            .collect();
        entries.sort_by_key(|(key, _)| index(key).map_or((true, 0), |index| (false, index)));
        Self(entries)
    }
}

impl Serialize for LabelObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// The index of an array that `key` spells.
fn index(key: &str) -> Option<u32> {
    key.parse().ok().filter(|index: &u32| *index != u32::MAX && index.to_string() == key)
}

/// Where the action cuts a value off.
fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}
