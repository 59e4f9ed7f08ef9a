//! The same ledger in memory, in a directory and behind HTTP.

use lockage_promote::ledger::{Chronicle, History as _, Ledger as _};
use lockage_registry::{OciLayout, Source as _, TagOrDigest};

use crate::world::{arrival, ledger, memory, repository, shared, tags};

#[tokio::test]
async fn a_directory_keeps_what_memory_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let layout = || OciLayout::open(folder.path(), "registry.test".parse().unwrap()).unwrap();
    let memory = memory();
    let (on_disk, in_memory) = (ledger(layout()).checkpoint_every(4), ledger(memory.clone()).checkpoint_every(4));
    assert!(on_disk.entries(None).await.unwrap().is_empty(), "a ledger that has not begun");
    for n in 0..10 {
        assert_eq!(on_disk.append(arrival(n)).await.unwrap(), in_memory.append(arrival(n)).await.unwrap());
    }
    assert!(on_disk.checkpoint_trouble().is_none());
    let again = ledger(layout());
    let read = |entries| Chronicle::of(entries).entries().to_vec();
    assert_eq!(read(again.entries(None).await.unwrap()), read(in_memory.entries(None).await.unwrap()));
    assert!(again.verify(&[]).await.unwrap().is_sound());
    assert_eq!(tags(&layout(), "").await, tags(&memory, "").await, "checkpoints and all");
}

/// Tools that know nothing of ledgers show an entry as the config of its manifest.
#[tokio::test]
async fn an_entry_is_an_artifact_that_any_tool_can_read() {
    let memory = memory();
    let id = ledger(memory.clone()).append(arrival(1)).await.unwrap();
    let [tag] = &tags(&memory, "").await[..] else { panic!() };
    assert!(tag.as_str().starts_with("e.20261118T") && tag.as_str().contains(id.hex()), "{tag}");
    let raw = shared(&memory).manifest(&repository(), &TagOrDigest::Tag(tag.clone())).await.unwrap();
    let json: serde_json::Value = serde_json::from_slice(raw.bytes()).unwrap();
    assert_eq!(json["artifactType"], lockage_promote::ledger::ENTRY_TYPE);
    assert_eq!(json["config"]["digest"], id.to_string(), "the entry's own digest is that of its bytes");
    assert_eq!(raw.view().unwrap().blobs().len(), 2);
}
