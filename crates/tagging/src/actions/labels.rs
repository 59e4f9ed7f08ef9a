//! Labels and annotations: what the OCI image spec has names for, and what the inputs add.

use super::{
    compiled::Compiled,
    error::ActionProblem,
    facts::Facts,
    instant, order,
    scope::{Extent, render},
};

/// A label or an annotation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Label {
    /// The name: `org.opencontainers.image.title`.
    pub key: String,
    /// The value. It can have several lines.
    pub value: String,
}

/// `key=value`.
impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

/// The labels of a build, those of `extra` over the usual ones, sorted by key.
pub(super) fn labels(
    version: Option<&str>,
    extra: &[Compiled],
    facts: &Facts<'_>,
) -> Result<Vec<Label>, ActionProblem> {
    let mut labels = usual(version, facts);
    for entry in extra {
        let rendered = render(entry, facts, Extent::Build)?.text;
        let Some((key, value)) = rendered.split_once('=') else { continue };
        match labels.iter_mut().find(|label| label.key == key) {
            Some(label) => value.clone_into(&mut label.value),
            None => labels.push(Label { key: key.to_owned(), value: value.to_owned() }),
        }
    }
    labels.sort_by(|a, b| order::label_keys(&a.key, &b.key));
    Ok(labels)
}

/// The pre-defined annotation keys of the OCI image spec.
fn usual(version: Option<&str>, facts: &Facts<'_>) -> Vec<Label> {
    let repo = &facts.context.repo;
    let created = instant::to_iso(facts.now);
    let license = repo.license.as_ref().and_then(|license| license.spdx_id.as_deref());
    [
        ("title", repo.name.as_deref()),
        ("description", repo.description.as_deref()),
        ("url", repo.html_url.as_deref()),
        ("source", repo.html_url.as_deref()),
        ("version", version),
        ("created", Some(created.as_str())),
        ("revision", Some(facts.resolved.sha.as_str())),
        ("licenses", license),
    ]
    .into_iter()
    .map(|(name, value)| Label {
        key: format!("org.opencontainers.image.{name}"),
        value: value.unwrap_or_default().to_owned(),
    })
    .collect()
}
