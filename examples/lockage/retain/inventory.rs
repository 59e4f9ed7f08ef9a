//! What a registry holds: from a snapshot in a file, or asked for over the distribution API.

use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use futures::TryStreamExt as _;
use lockage_policy::retain::{DigestKey, ManifestRow, RepositoryId, Snapshot, SnapshotBuilder, TagRow};
use lockage_registry::{Digest, ErrorKind, Repository, Source, TagOrDigest};

use crate::clients;
use crate::report::{Failure, Unusable};

#[derive(Clone, clap::Args)]
pub(crate) struct From {
    /// A snapshot, one JSON document.
    #[arg(long, value_name = "FILE", conflicts_with = "repositories", required_unless_present = "repositories")]
    snapshot: Option<PathBuf>,

    #[command(flatten)]
    reach: clients::Reach,
}

impl From {
    /// Asked for, within this reach.
    pub(crate) fn asked(reach: clients::Reach) -> Self {
        Self { snapshot: None, reach }
    }
}

/// The snapshot of a file, or of these repositories.
pub(crate) async fn snapshot(from: &From, repositories: &[Repository]) -> Result<Snapshot, Failure> {
    if let Some(file) = &from.snapshot {
        let unusable = |error| Failure::usage(&Unusable::of(file)(error));
        let reader = File::open(file).map_err(|error| unusable(error.into()))?;
        return Snapshot::read(BufReader::new(reader)).map_err(|error| unusable(error.into()));
    }
    let registries = clients::registries(&from.reach, 8)?;
    let mut builder = SnapshotBuilder::new();
    for repository in repositories {
        let id = builder.repository(&repository.to_string()).map_err(|error| Failure::error(&error))?;
        take(registries.of(repository), repository, id, &mut builder).await?;
    }
    builder.finish().map_err(|error| Failure::error(&error))
}

/// Every tag and everything that they lead to. The distribution API tells no times, so of what is found so nothing is known to
/// be old; and it lists nothing that no tag leads to.
async fn take(
    source: &dyn Source,
    repository: &Repository,
    id: RepositoryId,
    to: &mut SnapshotBuilder,
) -> Result<(), Failure> {
    let failed = |error: lockage_registry::Error| Failure::error(&error);
    let tags: Vec<_> = source.tags(repository).try_collect().await.map_err(failed)?;
    let mut waiting: Vec<Digest> = Vec::new();
    for tag in tags {
        let found = match source.resolve(repository, &TagOrDigest::Tag(tag.clone())).await {
            Ok(found) => found,
            // It went while the list was read.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(error)),
        };
        to.tag(id, TagRow::new(tag.as_str(), key(&found.digest)?)).map_err(|error| Failure::error(&error))?;
        waiting.push(found.digest);
    }
    let mut seen: HashSet<Digest> = HashSet::new();
    while let Some(digest) = waiting.pop() {
        if !seen.insert(digest.clone()) {
            continue;
        }
        let manifest = match source.manifest(repository, &TagOrDigest::Digest(digest.clone())).await {
            Ok(manifest) => manifest,
            // An index may name what was never pushed.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(error)),
        };
        let view = manifest.view().map_err(failed)?;
        let mut row =
            ManifestRow::new(key(&digest)?).media_type(manifest.media_type()).size(manifest.descriptor().size);
        for child in view.children() {
            row = row.child(key(&child.digest)?);
            waiting.push(child.digest.clone());
        }
        if let Some(subject) = &view.subject {
            row = row.subject(key(&subject.digest)?);
        }
        to.manifest(id, row).map_err(|error| Failure::error(&error))?;
        let about = source.referrers(repository, &digest, None).await.map_err(failed)?;
        waiting.extend(about.into_iter().map(|referrer| referrer.digest));
    }
    Ok(())
}

fn key(digest: &Digest) -> Result<DigestKey, Failure> {
    DigestKey::try_from(digest).map_err(|error| Failure::error(&error))
}
