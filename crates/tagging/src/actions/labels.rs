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
    // What nothing was added to is in order already.
    if !extra.is_empty() {
        labels.sort_by(|a, b| order::label_keys(&a.key, &b.key));
    }
    Ok(labels)
}

/// The pre-defined annotation keys of the OCI image spec that the action knows, sorted.
fn usual(version: Option<&str>, facts: &Facts<'_>) -> Vec<Label> {
    let repo = &facts.context.repo;
    let license = repo.license.as_ref().and_then(|license| license.spdx_id.as_deref());
    let label =
        |key: &str, value: Option<&str>| Label { key: key.to_owned(), value: value.unwrap_or_default().to_owned() };
    vec![
        Label { key: "org.opencontainers.image.created".to_owned(), value: instant::to_iso(facts.now) },
        label("org.opencontainers.image.description", repo.description.as_deref()),
        label("org.opencontainers.image.licenses", license),
        label("org.opencontainers.image.revision", Some(&facts.resolved.sha)),
        label("org.opencontainers.image.source", repo.html_url.as_deref()),
        label("org.opencontainers.image.title", repo.name.as_deref()),
        label("org.opencontainers.image.url", repo.html_url.as_deref()),
        label("org.opencontainers.image.version", version),
    ]
}
