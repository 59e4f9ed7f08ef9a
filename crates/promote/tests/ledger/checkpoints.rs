//! Checkpoints spare requests, and cannot lie.

use lockage_promote::ledger::{Finding, History as _, Ledger as _, RegistryLedger};
use lockage_registry::testing::Recorder;
use lockage_registry::{Memory, Prune as _, Tag};
use serde_json::{Value, json};

use crate::notary::pen;
use crate::tampered::{content, manifest, put, replace};
use crate::world::{arrival, ledger, memory, repository, tags, trust};

async fn with_entries(count: u64, every: usize) -> Memory {
    let memory = memory();
    let writer = ledger(memory.clone()).checkpoint_every(every);
    for n in 0..count {
        writer.append(arrival(n)).await.unwrap();
    }
    assert!(writer.checkpoint_trouble().is_none());
    memory
}

async fn checkpoints(memory: &Memory) -> Vec<Tag> {
    tags(memory, "c.").await
}

#[tokio::test]
async fn a_reader_who_begins_needs_few_requests() {
    let memory = with_entries(300, 32).await;
    assert!(checkpoints(&memory).await.len() >= 7);
    let recorder = Recorder::new(memory.clone());
    let reader = ledger(recorder.clone());
    assert_eq!(reader.entries(None).await.unwrap().len(), 300);
    let asked = recorder.calls().len();
    assert!(asked < 70, "{asked} requests for 300 entries");
    assert_eq!(reader.entries(None).await.unwrap().len(), 300);
    assert_eq!(recorder.calls().len(), asked + 1, "then a listing is all");
    assert!(reader.verify(&[]).await.unwrap().is_sound());
}

#[tokio::test]
async fn a_checkpoint_has_the_pieces_of_the_one_before_it() {
    let memory = with_entries(120, 16).await;
    let pieces = |manifest: &Value| -> Vec<String> {
        let layers = manifest["layers"].as_array().unwrap();
        layers[1..].iter().map(|layer| layer["digest"].to_string()).collect()
    };
    let mut before = Vec::new();
    for tag in checkpoints(&memory).await {
        let now = pieces(&manifest(&memory, &tag).await);
        assert!(now.len() > before.len() && now.starts_with(&before), "{tag}");
        before = now;
    }
}

#[tokio::test]
async fn two_who_write_the_same_checkpoint_do_no_harm() {
    let memory = memory();
    let writer = ledger(memory.clone()).checkpoint_every(1000);
    for n in 0..40 {
        writer.append(arrival(n)).await.unwrap();
    }
    let all = || ledger(memory.clone()).checkpoint_every(40);
    let bob = RegistryLedger::new(memory.clone(), repository(), trust(&["ada", "bob"]));
    let bob = bob.signed_by(pen("bob")).checkpoint_every(40);
    let (one, other) = (all(), bob);
    assert_eq!(one.entries(None).await.unwrap().len(), 40);
    assert_eq!(futures::future::try_join(one.checkpoint(), other.checkpoint()).await.unwrap().0, Some(40));
    assert_eq!(checkpoints(&memory).await.len(), 1, "whoever knows the same makes the same");
    assert!(all().verify(&[]).await.unwrap().is_sound());
    assert_eq!(all().checkpoint().await.unwrap(), None, "nothing is left to cover");
}

/// Whatever somebody pushes as a checkpoint: readers see what the entries say, and `verify` tells of it.
#[tokio::test]
async fn a_forged_checkpoint_is_not_believed_and_found() {
    let memory = with_entries(40, 16).await;
    let last = checkpoints(&memory).await.pop().unwrap();
    let true_one = manifest(&memory, &last).await;

    // Signed by somebody whom nobody knows, over entries that nobody wrote, and larger than all.
    let forger = self::memory();
    let mallory = RegistryLedger::new(forger.clone(), repository(), trust(&["mallory"])).signed_by(pen("mallory"));
    let mallory = mallory.checkpoint_every(50);
    for n in 0..50 {
        mallory.append(arrival(n + 1000)).await.unwrap();
    }
    mallory.checkpoint().await.unwrap();
    let forged = checkpoints(&forger).await.pop().unwrap();
    let mut foreign = manifest(&forger, &forged).await;
    foreign["layers"].as_array_mut().unwrap().truncate(1);
    for place in ["/config", "/layers/0"] {
        let piece = foreign.pointer_mut(place).unwrap();
        let bytes = content(piece).into_bytes();
        replace(&memory, piece, bytes).await;
    }
    put(&memory, &forged, &foreign).await;
    judge(&memory, &forged, "nobody known has signed it").await;
    memory.delete_tag(&repository(), &forged).await.unwrap();

    // A true one, that says another number.
    let more = format!("c.0000000999.{}", last.as_str().rsplit('.').next().unwrap()).parse().unwrap();
    put(&memory, &more, &true_one).await;
    judge(&memory, &more, "does not cover as many").await;
    memory.delete_tag(&repository(), &more).await.unwrap();

    // A true one, with another list.
    let mut changed = true_one.clone();
    let list = content(&changed["config"]).replacen("\"heads\":[", "\"heads\": [", 1);
    replace(&memory, &mut changed["config"], list.into_bytes()).await;
    put(&memory, &last, &changed).await;
    judge(&memory, &last, "what stands there is another one").await;
}

async fn judge(memory: &Memory, tag: &Tag, why: &str) {
    let reader = ledger(memory.clone());
    let entries = reader.entries(None).await.unwrap();
    assert_eq!(entries.len(), 40);
    assert!(entries.iter().all(|recorded| recorded.entry.at < crate::world::at(1000)));
    let report = reader.verify(&[]).await.unwrap();
    let [Finding::Checkpoint { place, why: said }] = &report.findings[..] else { panic!("{report}") };
    assert_eq!(place, tag.as_str());
    assert!(said.contains(why), "{said}");
}

/// One who may sign entries can sign a checkpoint over entries that are not there, and is found by the originals.
#[tokio::test]
async fn a_checkpoint_over_what_is_not_there_is_found_by_the_originals() {
    let (memory, other) = (with_entries(10, 100).await, with_entries(10, 5).await);
    let writer = ledger(other.clone()).checkpoint_every(4);
    writer.append(arrival(77)).await.unwrap();
    let tag = checkpoints(&other).await.pop().unwrap();
    let lying = manifest(&other, &tag).await;
    let (mut lying, layers) = (lying.clone(), lying["layers"].clone());
    // Its pieces are brought along.
    for layer in layers.as_array().unwrap() {
        let blob: lockage_registry::Descriptor = serde_json::from_value(layer.clone()).unwrap();
        let bytes = lockage_registry::SourceExt::read_blob(&other, &repository(), &blob, 1 << 20).await.unwrap();
        let blob = lockage_registry::Descriptor::new(blob.media_type, blob.digest, blob.size);
        lockage_registry::TargetExt::put_blob(&memory, &repository(), &blob, lockage_registry::Body::bytes(bytes))
            .await
            .unwrap();
    }
    let list = content(&lying["config"]);
    replace(&memory, &mut lying["config"], list.into_bytes()).await;
    put(&memory, &tag, &lying).await;
    for gone in tags(&memory, "e.").await.into_iter().take(1) {
        memory.delete_tag(&repository(), &gone).await.unwrap();
    }
    let report = ledger(memory).verify(&[]).await.unwrap();
    assert!(report.findings.iter().any(|finding| matches!(finding, Finding::Missing { .. })), "{report}");
}

#[tokio::test]
async fn a_piece_that_is_gone_costs_requests_and_no_entry() {
    let memory = with_entries(40, 16).await;
    let last = checkpoints(&memory).await.pop().unwrap();
    let mut manifest = manifest(&memory, &last).await;
    // Registries keep what a manifest lists; this one lists nothing any more.
    let mut list: Value = serde_json::from_str(&content(&manifest["config"])).unwrap();
    list["pieces"][0]["digest"] = json!(crate::world::digest(4711));
    let bytes = list.to_string().into_bytes();
    replace(&memory, &mut manifest["config"], bytes).await;
    put(&memory, &last, &manifest).await;
    assert_eq!(ledger(memory.clone()).entries(None).await.unwrap().len(), 40);
    assert!(!ledger(memory).verify(&[]).await.unwrap().is_sound());
}

/// What one checkpoint covers and a larger one does not is covered by the next.
#[tokio::test]
async fn of_two_checkpoints_over_different_entries_nothing_is_left_out() {
    let memory = memory();
    let [one, other] = [8, 12].map(|every| ledger(memory.clone()).checkpoint_every(every));
    // Neither knows what the other has written since.
    for n in 0..8 {
        one.append(arrival(n)).await.unwrap();
    }
    let first = checkpoints(&memory).await;
    for tag in &first {
        memory.delete_tag(&repository(), tag).await.unwrap();
    }
    for n in 8..24 {
        other.append(arrival(n)).await.unwrap();
    }
    other.checkpoint().await.unwrap();
    for n in 24..48 {
        one.append(arrival(n)).await.unwrap();
        other.append(arrival(n + 100)).await.unwrap();
    }
    one.checkpoint().await.unwrap();
    other.checkpoint().await.unwrap();
    let reader = ledger(memory.clone());
    assert_eq!(reader.entries(None).await.unwrap().len(), 72);
    let report = reader.verify(&[]).await.unwrap();
    assert!(report.is_sound(), "{report}");
    let last = checkpoints(&memory).await.pop().unwrap();
    let count: usize = last.as_str().split('.').nth(1).unwrap().parse().unwrap();
    assert!(count > 72 - 12, "{last}");
}
