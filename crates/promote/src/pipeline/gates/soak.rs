//! `SoakGate`: the image has been somewhere for long enough.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;

use super::along;
use crate::human::duration;
use crate::pipeline::Name;
use crate::{Evidence, Gate, GateContext, GateError, Promoted, Verdict};

/// Waits until the image has been in an environment for long enough, by the ledger: without interruption until now, or in
/// total.
#[derive(Clone, Debug)]
#[must_use]
pub struct SoakGate {
    id: String,
    environment: Name,
    at_least: Duration,
    in_total: bool,
}

impl SoakGate {
    /// The image has been in `environment` for `at_least`, is still there, and has not left in between.
    pub fn new(environment: Name, at_least: Duration) -> Self {
        Self { id: "soak".to_owned(), environment, at_least, in_total: false }
    }

    /// Gives the gate another name than `soak`.
    pub fn named(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// All times that it was there count together, whether it still is or not.
    pub fn in_total(self) -> Self {
        Self { in_total: true, ..self }
    }
}

#[async_trait]
impl Gate for SoakGate {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let Promoted { passage, chronicle, .. } = along(context)?;
        let (image, environment) = (&passage.pinned.image, &self.environment);
        // An environment may have taken one platform alone, which stands for the index that it is of.
        let names = [passage.pinned.digest(), passage.digest()];
        let of = |digest| chronicle.time_in(image, environment, digest, context.now, self.in_total);
        let been = names.into_iter().map(of).max().unwrap_or_default();
        let is_there =
            chronicle.current(image, environment).is_some_and(|current| names.contains(&&current.entry.digest));
        if been >= self.at_least && (is_there || self.in_total) {
            let details = json!({ "environment": environment, "seconds": been.as_secs() });
            let summary = format!("in {environment} for {}", duration(been));
            return Ok(Verdict::Pass(Evidence::new(summary).with_details(details)));
        }
        let missing = self.at_least.saturating_sub(been);
        let asked = duration(self.at_least);
        Ok(match is_there {
            true => Verdict::Wait {
                reason: format!("in {environment} for {} of {asked}", duration(been)),
                retry_after: Some(missing),
            },
            // Time does not pass where it is not.
            false => Verdict::wait(format!(
                "not in {environment} now; it has to be for {asked}, and was for {}",
                duration(been)
            )),
        })
    }
}
