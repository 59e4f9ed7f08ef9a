//! Whether images were promoted to an environment, by the evidence that is with them.

use std::process::ExitCode;
use std::time::SystemTime;

use futures::stream::{self, StreamExt as _};
use lockage_promote::pipeline::Name;
use lockage_promote::pipeline::evidence::{Evident, promoted_to};
use lockage_registry::{Digest, Reference};
use lockage_signing::gate::Signers;
use lockage_tagging::OneLine;
use serde_json::{Value, json};

use crate::clients::Registries;
use crate::report::{Failure, describe, say, say_json};
use crate::signing::pinned;

struct Told {
    code: u8,
    line: String,
    value: Value,
}

pub(super) async fn verify(
    registries: &Registries,
    signers: &Signers,
    environment: &Name,
    images: &[Reference],
    json: bool,
) -> Result<ExitCode, Failure> {
    let each = images.iter().map(|image| one(registries, signers, environment, image));
    let told: Vec<_> = stream::iter(each).buffered(8).collect().await;
    if json {
        say_json(&json!({ "promoted": told.iter().map(|one| &one.value).collect::<Vec<_>>() }))?;
    } else {
        told.iter().try_for_each(|one| say(OneLine(&one.line)))?;
    }
    let has = |code| told.iter().any(|one| one.code == code);
    Ok(ExitCode::from(if has(1) { 1 } else { told.iter().map(|one| one.code).max().unwrap_or(3) }))
}

async fn one(registries: &Registries, signers: &Signers, environment: &Name, image: &Reference) -> Told {
    let (source, repository) = (registries.of(image.repository()), image.repository());
    let digest = match pinned::digest(source, image).await {
        Ok(digest) => digest,
        Err(error) => return unknown(image, None, &error),
    };
    match promoted_to(source, repository, &digest, environment, signers, SystemTime::now()).await {
        Err(error) => unknown(image, Some(&digest), &error),
        Ok(found) => {
            let (result, passed_by): (_, Vec<&str>) = match &found {
                Evident::Promoted(one) => {
                    let passed_by: Vec<_> = one.summary.overridden().collect();
                    (if passed_by.is_empty() { "promoted" } else { "overridden" }, passed_by)
                }
                Evident::Expired(_) => ("expired", Vec::new()),
                Evident::Missing { .. } => ("missing", Vec::new()),
            };
            let by = match &found {
                Evident::Promoted(one) | Evident::Expired(one) => Some((&one.by.identity, &one.summary.plan)),
                Evident::Missing { .. } => None,
            };
            let value = json!({
                "image": image.to_string(), "digest": digest, "environment": environment, "result": result,
                "why": found.to_string(), "passed-by": passed_by,
                "by": by.map(|(identity, _)| identity), "plan": by.map(|(_, plan)| plan),
            });
            let line = format!("{result}  {repository}@{digest}  {found}");
            Told { code: u8::from(result != "promoted"), line, value }
        }
    }
}

fn unknown(image: &Reference, digest: Option<&Digest>, error: &(dyn std::error::Error + 'static)) -> Told {
    let why = describe(error);
    let value = json!({ "image": image.to_string(), "digest": digest, "result": "unknown", "why": error.to_string() });
    Told { code: 3, line: format!("unknown  {image}  {}", why.trim_end()), value }
}
