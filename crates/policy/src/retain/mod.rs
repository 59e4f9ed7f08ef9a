//! What a registry keeps: decided purely, with a reason for every tag and every manifest.

mod bits;
mod graph;
mod snapshot;

pub use self::graph::{Block, Capabilities, Layer, Protection, Reason, RuleId, Said, Settled, Verdict, Word, settle};
pub use self::snapshot::{
    DigestKey, ManifestId, ManifestRow, RepositoryId, Snapshot, SnapshotBuilder, SnapshotError, Storage, TagId, TagRow,
    UnknownAlgorithm,
};
