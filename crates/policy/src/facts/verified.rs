//! `verify`: asks registries whether what a ledger says was promoted is there, with all that belongs to it.

use std::collections::{BTreeMap, BTreeSet};

use lockage_registry::{Digest, ErrorKind, Repository, Source, TagOrDigest};

use super::FactsError;
use crate::retain::{Facts, Require};

/// How artifact types of Sigstore's bundles begin.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
/// Other artifact types that are a signature of an image.
const SIGNATURES: [&str; 3] = [
    "application/vnd.dev.cosign.artifact.sig.v1+json",
    "application/vnd.dev.cosign.simplesigning.v1+json",
    "application/vnd.cncf.notary.signature",
];

/// Asks where each of these was promoted to whether it is there: the image, all that it names, a signature of it, and all that
/// speaks about it here. What is found is said of the promotion; what is not there is not said, and rules that `require` it do
/// nothing then.
///
/// `wanted` says which images matter, those that a plan could delete, and what speaks about each of them here. Each costs, in
/// each repository that it was promoted to, one GET, one HEAD for each manifest that it names or that speaks about it here, one
/// request for what speaks about it there, and one HEAD for cosign's tag where no signature is among that. Environments are
/// names and cannot be asked: rules that require something name repositories.
///
/// # Errors
/// Where a registry does not answer: what is not known is not missing.
pub async fn verify<'a>(
    facts: &mut Facts,
    wanted: impl Fn(&Digest) -> Option<Vec<Digest>>,
    source: impl Fn(&Repository) -> &'a dyn Source,
) -> Result<(), FactsError> {
    let mut found: BTreeMap<(String, Digest), BTreeSet<Require>> = BTreeMap::new();
    for promotion in &mut facts.promoted {
        // The name of an environment has no slash, and a repository has a host.
        let (Some(repository), Some(about)) = (repository(&promotion.to), wanted(&promotion.digest)) else { continue };
        let key = (promotion.to.clone(), promotion.digest.clone());
        let checks = match found.get(&key) {
            Some(checks) => checks.clone(),
            None => {
                let checks = ask(source(&repository), &repository, &promotion.digest, &about).await;
                let checks = checks.map_err(|source| FactsError::Registry {
                    reference: format!("{repository}@{}", promotion.digest),
                    source: source.into(),
                })?;
                found.insert(key, checks.clone());
                checks
            }
        };
        promotion.checks.extend(checks);
    }
    Ok(())
}

fn repository(to: &str) -> Option<Repository> {
    if to.contains('/') { to.parse().ok() } else { None }
}

async fn ask(
    source: &dyn Source,
    at: &Repository,
    digest: &Digest,
    about: &[Digest],
) -> lockage_registry::Result<BTreeSet<Require>> {
    let mut checks = BTreeSet::new();
    let Some(manifest) = there(source.manifest(at, &TagOrDigest::Digest(digest.clone())).await)? else {
        return Ok(checks);
    };
    checks.insert(Require::Digest);
    let children: Vec<Digest> = manifest.view()?.children().into_iter().map(|child| child.digest.clone()).collect();
    if all_there(source, at, &children).await? {
        checks.insert(Require::Children);
    }
    let is_signature = |kind: &str| SIGNATURES.contains(&kind) || kind.starts_with(BUNDLE);
    let referrers = source.referrers(at, digest, None).await?;
    let signed = referrers.iter().any(|one| one.artifact_type.as_deref().is_some_and(is_signature));
    if signed || has_tag(source, at, digest).await? {
        checks.insert(Require::Signature);
    }
    if all_there(source, at, about).await? {
        checks.insert(Require::Referrers);
    }
    Ok(checks)
}

async fn all_there(source: &dyn Source, at: &Repository, digests: &[Digest]) -> lockage_registry::Result<bool> {
    for digest in digests {
        if there(source.resolve(at, &TagOrDigest::Digest(digest.clone())).await)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether cosign's tag for signatures is there.
async fn has_tag(source: &dyn Source, at: &Repository, digest: &Digest) -> lockage_registry::Result<bool> {
    let Ok(tag) = format!("{}-{}.sig", digest.algorithm(), digest.hex()).parse() else { return Ok(false) };
    Ok(there(source.resolve(at, &TagOrDigest::Tag(tag)).await)?.is_some())
}

fn there<T>(answer: lockage_registry::Result<T>) -> lockage_registry::Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
