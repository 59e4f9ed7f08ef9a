//! CDEvents (specification 0.5.1): what they call a promotion and a rollback.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Happening, What};
use crate::pipeline::evidence::purl;

const SPEC: &str = "0.5.1";

/// The CDEvents for what happened, `source` being the URI reference of who tells it: `artifact.published` and
/// `service.deployed` for what has arrived, `service.rolledback` for what was put back. For the rest CDEvents have no word, and
/// there are none.
#[must_use]
pub fn cdevents(happening: &Happening, source: &str) -> Vec<Value> {
    match happening.what {
        What::Done => vec![published(happening, source), service(happening, source, "deployed")],
        What::RolledBack { .. } => vec![service(happening, source, "rolledback")],
        What::Started | What::Failed { .. } | What::Waiting { .. } => Vec::new(),
    }
}

fn published(happening: &Happening, source: &str) -> Value {
    let subject = json!({
        "id": purl(&happening.repository, &happening.digest),
        "source": source,
        "type": "artifact",
        "content": { "user": happening.actor },
    });
    event(happening, source, "artifact.published", subject)
}

fn service(happening: &Happening, source: &str, predicate: &str) -> Value {
    let subject = json!({
        "id": format!("{}/{}", happening.environment, happening.image),
        "source": source,
        "type": "service",
        "content": {
            "environment": { "id": happening.environment, "source": source },
            "artifactId": purl(&happening.repository, &happening.digest),
        },
    });
    event(happening, source, &format!("service.{predicate}"), subject)
}

fn event(happening: &Happening, source: &str, kind: &str, subject: Value) -> Value {
    let at = Timestamp::try_from(happening.at).unwrap_or(Timestamp::UNIX_EPOCH);
    json!({
        "context": {
            "specversion": SPEC,
            "id": format!("{}-{kind}", happening.id()),
            "chainId": happening.plan.to_string(),
            "source": source,
            "type": format!("dev.cdevents.{kind}.0.3.0"),
            "timestamp": at.to_string(),
        },
        "subject": subject,
        "customData": happening,
        "customDataContentType": "application/json",
    })
}
