//! What a registry holds: from a snapshot in a file, or asked for.

use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::PathBuf;
use std::time::SystemTime;

use jiff::Timestamp;
use lockage_policy::retain::{Capabilities, DigestKey, ManifestRow, Snapshot, SnapshotBuilder, TagRow};
use lockage_registry::inventory::{ListedManifest, ListedTag, Listing};
use lockage_registry::{Digest, Repository};

use super::policy::Made;
use super::provider;
use super::seen::Seen;
use crate::clients;
use crate::report::{Failure, Unusable};

#[derive(Clone, clap::Args)]
pub(crate) struct From {
    /// A snapshot, one JSON document.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["repositories", "seen"], required_unless_present = "repositories")]
    snapshot: Option<PathBuf>,

    #[command(flatten)]
    registry: Asked,
}

/// How a registry is asked what it holds.
#[derive(Clone, clap::Args)]
pub(crate) struct Asked {
    /// Count from when this program first saw a tag or a manifest, which this file keeps, where the registry tells no times:
    /// over the distribution API nothing goes by any rule else.
    #[arg(long, value_name = "FILE")]
    seen: Option<PathBuf>,

    #[command(flatten)]
    provider: provider::Interface,

    #[command(flatten)]
    reach: clients::Reach,
}

impl From {
    /// How registries are reached.
    pub(crate) fn reach(&self) -> &clients::Reach {
        &self.registry.reach
    }

    /// Asked for, by this interface and within this reach.
    pub(crate) fn asked(provider: provider::Interface, reach: clients::Reach, seen: Option<PathBuf>) -> Self {
        Self { snapshot: None, registry: Asked { seen, provider, reach } }
    }
}

/// The snapshot of a file, or of these repositories, whose registry says what it can do.
pub(crate) async fn snapshot(from: &From, repositories: &[Repository], made: &mut Made) -> Result<Snapshot, Failure> {
    if let Some(file) = &from.snapshot {
        let unusable = |error| Failure::usage(&Unusable::of(file)(error));
        let reader = File::open(file).map_err(|error| unusable(error.into()))?;
        made.registry_can(Capabilities::OCI.unproven());
        return Snapshot::read(BufReader::new(reader)).map_err(|error| unusable(error.into()));
    }
    let (builder, can) = from.registry.list(repositories).await?;
    made.registry_can(can);
    builder.finish().map_err(|error| Failure::error(&error))
}

impl Asked {
    /// Everything that these repositories hold, and what their registry is known to do.
    pub(crate) async fn list(&self, repositories: &[Repository]) -> Result<(SnapshotBuilder, Capabilities), Failure> {
        let hub = provider::hub(&self.provider, &self.reach, repositories)?;
        let inventory = hub.inventory();
        let mut builder = SnapshotBuilder::new();
        let mut seen = self.seen.as_deref().map(Seen::open).transpose()?;
        for repository in repositories {
            let mut listing = inventory.list(repository).await.map_err(|error| Failure::error(&error))?;
            seen.iter_mut().for_each(|seen| seen.date(repository, &mut listing));
            take(repository, &listing, inventory.tells().pull_times, &mut builder)?;
        }
        seen.map_or(Ok(()), Seen::save)?;
        Ok((builder, hub.can()))
    }
}

fn take(
    repository: &Repository,
    listing: &Listing,
    tracks_pulls: bool,
    to: &mut SnapshotBuilder,
) -> Result<(), Failure> {
    let id = to.repository(&repository.to_string()).map_err(|error| Failure::error(&error))?;
    if tracks_pulls {
        to.tracks_pulls(id);
    }
    if !listing.complete {
        to.incomplete(id);
        let mut out = std::io::stderr().lock();
        for error in &listing.unread {
            let _closed = writeln!(out, "warning: {repository}: no manifest is deleted: {error}");
        }
    }
    for manifest in &listing.manifests {
        to.manifest(id, manifest_row(manifest)?).map_err(|error| Failure::error(&error))?;
    }
    for tag in &listing.tags {
        to.tag(id, tag_row(tag)?).map_err(|error| Failure::error(&error))?;
    }
    Ok(())
}

fn manifest_row(listed: &ListedManifest) -> Result<ManifestRow<'_>, Failure> {
    let mut row = ManifestRow::new(key(&listed.digest)?).media_type(&listed.media_type);
    row.artifact_type = listed.artifact_type.as_deref().unwrap_or_default();
    (row.size, row.resolved) = (listed.size, listed.resolved);
    (row.pushed_at, row.pulled_at) = (time(listed.pushed_at), time(listed.pulled_at));
    row.created_at = time(listed.created_at);
    row.children = listed.children.iter().map(key).collect::<Result<_, _>>()?;
    row.subject = listed.subject.as_ref().map(key).transpose()?;
    Ok(row)
}

fn tag_row(listed: &ListedTag) -> Result<TagRow<'_>, Failure> {
    let mut row = TagRow::new(listed.name.as_str(), key(&listed.digest)?);
    (row.moved_at, row.pulled_at) = (time(listed.moved_at), time(listed.pulled_at));
    row.immutable = listed.immutable;
    Ok(row)
}

/// A time that no calendar reaches is not known.
fn time(at: Option<SystemTime>) -> Option<Timestamp> {
    at.and_then(|at| Timestamp::try_from(at).ok())
}

fn key(digest: &Digest) -> Result<DigestKey, Failure> {
    DigestKey::try_from(digest).map_err(|error| Failure::error(&error))
}
