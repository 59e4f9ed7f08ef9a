//! Whoever can push can change, delete, move, replay and sign: all of it is found, and none of it is history.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockage_promote::ledger::{Finding, History as _, Ledger as _, LedgerReport, RegistryLedger};
use lockage_registry::{
    Algorithm, Body, Descriptor, Memory, Prune as _, RawManifest, Source as _, Tag, TagOrDigest, Target as _,
    TargetExt as _, digest_of, media_type,
};
use serde_json::{Value, json};

use crate::notary::pen;
use crate::world::{arrival, digest, ledger, memory, repository, tags, trust};

/// Three entries, the second and third each behind the one before it.
async fn three() -> (Memory, Vec<Tag>) {
    let memory = memory();
    let ledger = ledger(memory.clone());
    for n in 1..=3 {
        ledger.append(arrival(n)).await.unwrap();
    }
    let tags = tags(&memory, "e.").await;
    (memory, tags)
}

pub(crate) async fn manifest(memory: &Memory, tag: &Tag) -> Value {
    let raw = memory.manifest(&repository(), &TagOrDigest::Tag(tag.clone())).await.unwrap();
    serde_json::from_slice(raw.bytes()).unwrap()
}

pub(crate) async fn put(memory: &Memory, tag: &Tag, manifest: &Value) {
    let raw = RawManifest::new(media_type::OCI_MANIFEST, manifest.to_string().into()).unwrap();
    memory.put_manifest(&repository(), &raw, &TagOrDigest::Tag(tag.clone())).await.unwrap();
}

/// Puts other content where a descriptor points.
pub(crate) async fn replace(memory: &Memory, descriptor: &mut Value, bytes: Vec<u8>) {
    let blob = Descriptor::new(
        descriptor["mediaType"].as_str().unwrap(),
        digest_of(Algorithm::Sha256, &bytes).unwrap(),
        bytes.len() as u64,
    );
    descriptor["digest"] = json!(blob.digest);
    descriptor["size"] = json!(blob.size);
    descriptor["data"] = json!(STANDARD.encode(&bytes));
    memory.put_blob(&repository(), &blob, Body::bytes(bytes)).await.unwrap();
}

pub(crate) fn content(descriptor: &Value) -> String {
    String::from_utf8(STANDARD.decode(descriptor["data"].as_str().unwrap()).unwrap()).unwrap()
}

/// What `verify` finds; and nobody reads such a ledger, unless it is about checkpoints.
async fn found(memory: &Memory) -> LedgerReport {
    let report = ledger(memory.clone()).verify(&[]).await.unwrap();
    let read = ledger(memory.clone()).entries(None).await;
    assert_eq!(read.is_err(), !report.is_sound(), "{report}");
    let append = ledger(memory.clone()).append(arrival(9)).await;
    assert_eq!(append.is_err(), !report.is_sound(), "nothing is built upon it: {report}");
    report
}

#[tokio::test]
async fn a_sound_ledger_is_sound() {
    let (memory, _) = three().await;
    let report = found(&memory).await;
    assert!(report.is_sound(), "{report}");
    assert_eq!((report.entries, report.signed["ada"], report.heads.len()), (3, 3, 1));
    assert!(report.to_string().contains("3  signed by ada"), "{report}");
}

#[tokio::test]
async fn an_entry_that_was_changed_is_found() {
    let (memory, tags) = three().await;
    let mut manifest = manifest(&memory, &tags[1]).await;
    let entry = content(&manifest["config"]).replace("actor 2", "actor 7");
    replace(&memory, &mut manifest["config"], entry.into_bytes()).await;
    put(&memory, &tags[1], &manifest).await;
    let report = found(&memory).await;
    assert!(matches!(&report.findings[..], [Finding::Misplaced { .. }]), "{report}");
}

#[tokio::test]
async fn an_entry_that_was_changed_and_tagged_as_such_is_found() {
    let (memory, tags) = three().await;
    let mut manifest = manifest(&memory, &tags[2]).await;
    let entry = content(&manifest["config"]).replace("actor 3", "actor 7");
    replace(&memory, &mut manifest["config"], entry.into_bytes()).await;
    let old = tags[2].as_str().split('.').nth(2).unwrap();
    let new = manifest["config"]["digest"].as_str().unwrap().trim_start_matches("sha256:");
    put(&memory, &tags[2].as_str().replace(old, new).parse().unwrap(), &manifest).await;
    memory.delete_tag(&repository(), &tags[2]).await.unwrap();
    let report = found(&memory).await;
    assert!(
        matches!(&report.findings[..], [Finding::Forged { why, .. }] if why.contains("what is signed is")),
        "{report}"
    );
}

#[tokio::test]
async fn an_entry_that_was_deleted_is_found_by_those_behind_it() {
    let (memory, tags) = three().await;
    memory.delete_tag(&repository(), &tags[1]).await.unwrap();
    let report = found(&memory).await;
    assert!(matches!(&report.findings[..], [Finding::Missing { .. }]), "{report}");
}

#[tokio::test]
async fn the_last_entry_that_was_deleted_is_found_by_whoever_has_seen_it() {
    let (memory, tags) = three().await;
    let expected: Vec<_> = ledger(memory.clone()).verify(&[]).await.unwrap().heads;
    memory.delete_tag(&repository(), &tags[2]).await.unwrap();
    let report = ledger(memory.clone()).verify(&expected).await.unwrap();
    assert!(matches!(&report.findings[..], [Finding::Missing { id, .. }] if *id == expected[0]), "{report}");
    // A process that has read it keeps it.
    assert!(ledger(memory).verify(&[]).await.unwrap().is_sound(), "without any witness nobody can tell");
}

#[tokio::test]
async fn the_last_entry_that_was_deleted_is_found_by_a_checkpoint() {
    let (memory, tags) = three().await;
    let writer = ledger(memory.clone()).checkpoint_every(3);
    assert_eq!(writer.checkpoint().await.unwrap(), Some(3));
    memory.delete_tag(&repository(), &tags[2]).await.unwrap();
    let report = ledger(memory).verify(&[]).await.unwrap();
    assert!(
        matches!(&report.findings[..], [Finding::Missing { known_from, .. }] if known_from.contains("checkpoint")),
        "{report}"
    );
}

#[tokio::test]
async fn entries_that_changed_places_are_found() {
    let (memory, tags) = three().await;
    let (first, second) = (manifest(&memory, &tags[0]).await, manifest(&memory, &tags[1]).await);
    put(&memory, &tags[1], &first).await;
    put(&memory, &tags[0], &second).await;
    let report = found(&memory).await;
    let places = report.findings.iter().filter(|finding| matches!(finding, Finding::Misplaced { .. })).count();
    assert_eq!((places, report.findings.len()), (2, 2), "{report}");
}

#[tokio::test]
async fn an_entry_that_is_repeated_under_another_time_or_name_is_found() {
    let (memory, tags) = three().await;
    let first = manifest(&memory, &tags[0]).await;
    let (head, tail) = tags[0].as_str().rsplit_once('.').unwrap();
    put(&memory, &format!("{head}.{}", tail.replace(|_: char| true, "0")).parse().unwrap(), &first).await;
    let report = ledger(memory.clone()).verify(&[]).await.unwrap();
    assert!(matches!(&report.findings[..], [Finding::Repeated { .. }]), "{report}");
    assert_eq!(ledger(memory.clone()).entries(None).await.unwrap().len(), 3, "it counts once");
    let later = tags[0].as_str().replacen("e.2026", "e.2027", 1);
    put(&memory, &later.parse().unwrap(), &first).await;
    let report = ledger(memory.clone()).verify(&[]).await.unwrap();
    assert!(report.findings.iter().any(|finding| matches!(finding, Finding::Misplaced { .. })), "{report}");
}

#[tokio::test]
async fn an_entry_of_another_ledger_is_found() {
    let (memory, tags) = three().await;
    let elsewhere = RegistryLedger::new(memory.clone(), "registry.test/acme/staging".parse().unwrap(), trust(&["ada"]))
        .signed_by(pen("ada"));
    elsewhere.append(arrival(8)).await.unwrap();
    let mut listed = memory.tags(elsewhere.repository());
    let tag = futures::StreamExt::next(&mut listed).await.unwrap().unwrap();
    drop(listed);
    let raw = memory.manifest(elsewhere.repository(), &TagOrDigest::Tag(tag.clone())).await.unwrap();
    for blob in raw.view().unwrap().blobs() {
        memory.open_blob(&repository(), blob, Some(elsewhere.repository())).await.unwrap();
    }
    memory.put_manifest(&repository(), &raw, &TagOrDigest::Tag(tag)).await.unwrap();
    let report = found(&memory).await;
    assert!(
        matches!(&report.findings[..], [Finding::Replayed { ledger, .. }] if ledger == "registry.test/acme/staging"),
        "{report}"
    );
    assert_eq!(tags.len(), 3);
}

#[tokio::test]
async fn an_entry_that_somebody_else_or_nobody_has_signed_is_found() {
    let (memory, _) = three().await;
    let mallory =
        RegistryLedger::new(memory.clone(), repository(), trust(&["ada", "mallory"])).signed_by(pen("mallory"));
    mallory.append(arrival(4)).await.unwrap();
    let report = found(&memory).await;
    assert!(
        matches!(&report.findings[..], [Finding::Forged { why, .. }] if why == "nobody known has signed it"),
        "{report}"
    );
    let (memory, _) = three().await;
    RegistryLedger::new(memory.clone(), repository(), trust(&["ada"]).or_unsigned()).append(arrival(4)).await.unwrap();
    let report = found(&memory).await;
    assert!(matches!(&report.findings[..], [Finding::Unsigned { .. }]), "{report}");
}

#[tokio::test]
async fn a_signature_that_was_exchanged_is_found() {
    let (memory, tags) = three().await;
    let (mut first, second) = (manifest(&memory, &tags[0]).await, manifest(&memory, &tags[1]).await);
    let own = content(&first["layers"][0]);
    first["layers"][0] = second["layers"][0].clone();
    put(&memory, &tags[0], &first).await;
    let report = found(&memory).await;
    assert!(matches!(&report.findings[..], [Finding::Forged { .. }]), "{report}");
    replace(&memory, &mut first["layers"][0], own.replace("sha256:", "sha256:0").into_bytes()).await;
    put(&memory, &tags[0], &first).await;
    let report = found(&memory).await;
    assert!(matches!(&report.findings[..], [Finding::Forged { why, .. }] if why == "a forged signature"), "{report}");
}

#[tokio::test]
async fn what_is_no_entry_is_found_and_what_is_no_ledgers_is_left_alone() {
    for wrong in ["\"config\": 1", "\"layers\": []"] {
        let (memory, tags) = three().await;
        let mut manifest = manifest(&memory, &tags[1]).await;
        match wrong.split_once(": ").unwrap() {
            ("\"layers\"", _) => manifest["layers"] = json!([]),
            _ => manifest["config"]["data"] = json!("AAAA"),
        }
        put(&memory, &tags[1], &manifest).await;
        let report = found(&memory).await;
        assert!(matches!(&report.findings[..], [Finding::Unreadable { .. }]), "{wrong}: {report}");
    }
    let (memory, tags) = three().await;
    let manifest = manifest(&memory, &tags[1]).await;
    put(&memory, &"freeze".parse().unwrap(), &manifest).await;
    assert!(found(&memory).await.is_sound());
}

#[tokio::test]
async fn an_entry_that_claims_to_be_older_than_what_it_follows_is_found_by_verify() {
    let memory = memory();
    let ledger = ledger(memory.clone());
    ledger.append(arrival(4000)).await.unwrap();
    ledger.append(arrival(3900)).await.unwrap();
    assert!(ledger.verify(&[]).await.unwrap().is_sound(), "clocks differ");
    ledger.append(arrival(3000)).await.unwrap();
    let report = ledger.verify(&[]).await.unwrap();
    assert!(matches!(&report.findings[..], [Finding::Backdated { seconds: 900, .. }]), "{report}");
    assert_eq!(ledger.entries(None).await.unwrap().len(), 3, "it was signed, and is history");
}

#[tokio::test]
async fn a_ledger_that_is_gone_is_no_empty_one() {
    let (memory, tags) = three().await;
    let reader = ledger(memory.clone());
    assert_eq!(reader.entries(None).await.unwrap().len(), 3);
    for tag in tags {
        memory.delete_tag(&repository(), &tag).await.unwrap();
    }
    let error = reader.entries(None).await.unwrap_err();
    assert!(error.to_string().contains("had entries, and has none"), "{error}");
    assert!(error.remedy().is_some());
}

/// What a newer program says in an entry stays in it, and is read past.
#[tokio::test]
async fn a_field_that_is_not_known_is_kept_and_signed() {
    use lockage_promote::pipeline::approval::StatementSigner as _;
    let memory = memory();
    let ours = ledger(memory.clone());
    let id = ours.append(arrival(1)).await.unwrap();
    let [tag] = &tags(&memory, "e.").await[..] else { panic!() };
    let mut manifest = manifest(&memory, tag).await;
    let entry = content(&manifest["config"]).replacen('{', r#"{"weather":  "fine","#, 1);
    replace(&memory, &mut manifest["config"], entry.clone().into_bytes()).await;
    let new = manifest["config"]["digest"].as_str().unwrap().trim_start_matches("sha256:").to_owned();
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"{}","digest":{{"sha256":"{new}"}}}}],"predicateType":"{}","predicate":{entry}}}"#,
        repository(),
        lockage_promote::ledger::ENTRY_PREDICATE
    );
    let sealed = pen("bob").sign_statement(statement.as_bytes()).await.unwrap();
    replace(&memory, &mut manifest["layers"][0], sealed.bytes.to_vec()).await;
    put(&memory, &tag.as_str().replace(id.hex(), &new).parse().unwrap(), &manifest).await;
    let reader = ledger(memory);
    assert_eq!(reader.entries(None).await.unwrap().iter().filter(|one| one.entry.digest == digest(1)).count(), 2);
    assert!(reader.verify(&[]).await.unwrap().is_sound());
    let mut export = Vec::new();
    reader.export(&mut export).await.unwrap();
    assert!(String::from_utf8(export).unwrap().contains(&entry), "to the byte");
}
