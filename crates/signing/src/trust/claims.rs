//! What a certificate of Fulcio says of the build: repository, ref, commit, workflow, run.

use std::collections::BTreeMap;

use sigstore_crypto::FulcioCiClaims;

/// The claims that are there, by Fulcio's names (<https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md>).
///
/// Authorities before 2023 wrote GitHub's own names only; these begin with `github_`.
pub(super) fn of(claims: &FulcioCiClaims) -> BTreeMap<String, String> {
    let github = &claims.deprecated_github;
    let all = [
        ("build_config_digest", &claims.build_config_digest),
        ("build_config_uri", &claims.build_config_uri),
        ("build_signer_digest", &claims.build_signer_digest),
        ("build_signer_uri", &claims.build_signer_uri),
        ("build_trigger", &claims.build_trigger),
        ("deployment_environment", &claims.deployment_environment),
        ("run_invocation_uri", &claims.run_invocation_uri),
        ("runner_environment", &claims.runner_environment),
        ("source_repository_digest", &claims.source_repository_digest),
        ("source_repository_identifier", &claims.source_repository_identifier),
        ("source_repository_owner_identifier", &claims.source_repository_owner_identifier),
        ("source_repository_owner_uri", &claims.source_repository_owner_uri),
        ("source_repository_ref", &claims.source_repository_ref),
        ("source_repository_uri", &claims.source_repository_uri),
        ("source_repository_visibility_at_signing", &claims.source_repository_visibility_at_signing),
        ("token_subject", &claims.token_subject),
        ("github_workflow_name", &github.workflow_name),
        ("github_workflow_ref", &github.workflow_ref),
        ("github_workflow_repository", &github.workflow_repository),
        ("github_workflow_sha", &github.workflow_sha),
        ("github_workflow_trigger", &github.workflow_trigger),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect()
}
