//! Referrers (distribution-spec, "Listing Referrers"): an index of what is attached to a manifest.

use http::StatusCode;
use lockage_tagging::{Digest, Repository};
use serde_json::json;

use super::dispatch::{Asked, Shared};
use super::refusal::Refusal;
use super::reply::{OCI_FILTERS_APPLIED, Reply};
use crate::media_type::OCI_INDEX;

pub(super) async fn answer(
    shared: &Shared,
    asked: &Asked,
    repo: &Repository,
    subject: &Digest,
) -> Result<Reply, Refusal> {
    let artifact_type = asked.query.get("artifactType").filter(|wanted| !wanted.is_empty());
    let found = match shared.registry.referrers(repo, subject, artifact_type).await {
        // A 404 would say that there is no such endpoint, and clients would turn to the referrers tag.
        Err(error) if error.is_not_found() => Vec::new(),
        other => other?,
    };
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found });
    let reply = Reply::new(StatusCode::OK).json(OCI_INDEX, &index);
    Ok(match artifact_type {
        Some(_) => reply.header(OCI_FILTERS_APPLIED, "artifactType"),
        None => reply,
    })
}
