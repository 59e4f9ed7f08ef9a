//! `CompletenessGate`: the image has every platform that is expected.

use async_trait::async_trait;
use lockage_registry::Platform;
use serde_json::json;

use super::{judged, platforms};
use crate::{Evidence, Gate, GateContext, GateError, Verdict};

/// Fails where a platform is missing, and where one is there that nobody expects, if that is asked for.
#[derive(Clone, Debug)]
#[must_use]
pub struct CompletenessGate {
    id: String,
    expected: Vec<Platform>,
    no_others: bool,
}

impl CompletenessGate {
    /// The image has these platforms.
    pub fn new(expected: impl IntoIterator<Item = Platform>) -> Self {
        Self { id: "complete".to_owned(), expected: expected.into_iter().collect(), no_others: false }
    }

    /// Gives the gate another name than `complete`.
    pub fn named(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// The image has no others.
    pub fn no_others(self) -> Self {
        Self { no_others: true, ..self }
    }
}

#[async_trait]
impl Gate for CompletenessGate {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        if self.expected.is_empty() {
            return Err("no platform is expected, so that none can be missing".into());
        }
        let (_, offered) = platforms(context)?;
        let mut reasons = Vec::new();
        for expected in &self.expected {
            if !offered.iter().any(|one| expected.accepts(&one.platform)) {
                reasons.push(format!("{expected} is missing"));
            }
        }
        for one in offered.iter().filter(|_| self.no_others) {
            if !self.expected.iter().any(|expected| expected.accepts(&one.platform)) {
                reasons.push(format!("{} is there, and not expected", one.platform));
            }
        }
        let there: Vec<_> = offered.iter().map(|one| one.platform.to_string()).collect();
        Ok(judged(reasons, || Evidence::new(there.join(", ")).with_details(json!({ "platforms": there }))))
    }
}
