//! Snapshots: one order whatever the order of rows, a document that is read back, and what makes one unusable.

use lockage_policy::retain::{DigestKey, ManifestRow, Snapshot, SnapshotBuilder, SnapshotError, TagRow};
use serde_json::json;

fn key(number: u8) -> DigestKey {
    DigestKey::sha256([number; 32])
}

fn read(value: &serde_json::Value) -> Result<Snapshot, SnapshotError> {
    Snapshot::read(value.to_string().as_bytes())
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let build = |rows: &[u8], tags: &[(&str, u8)]| {
        let mut builder = SnapshotBuilder::new();
        let repository = builder.repository("app").unwrap();
        for (name, digest) in tags {
            builder.tag(repository, TagRow::new(name, key(*digest))).unwrap();
        }
        for number in rows {
            let mut row = ManifestRow::new(key(*number)).size(u64::from(*number));
            if *number == 9 {
                row = row.child(key(3)).child(key(1)).child(key(200)).child(key(3));
            }
            if *number == 4 {
                row = row.subject(key(9));
            }
            builder.manifest(repository, row).unwrap();
        }
        builder.finish().unwrap()
    };
    let one = build(&[1, 3, 4, 9], &[("a", 9), ("b", 1)]);
    let other = build(&[9, 4, 3, 1], &[("b", 1), ("a", 9)]);
    assert_eq!(one.digest(), other.digest());
    assert_ne!(one.digest(), build(&[1, 3, 4, 9], &[("a", 1), ("b", 9)]).digest());
    let repository = one.find_repository("app").unwrap();
    let index = one.find_manifest(repository, &key(9)).unwrap();
    assert_eq!(one.children(index).map(|child| one.key(child)).collect::<Vec<_>>(), [key(1), key(3)]);
    assert_eq!(one.missing_children(index), 1);
    assert_eq!(one.referrers(index).map(|child| one.key(child)).collect::<Vec<_>>(), [key(4)]);
    assert_eq!(one.find_manifest(repository, &key(200)), None, "a child that is not here is no manifest");
    assert_eq!(one.target(one.find_tag(repository, "a").unwrap()), index);
}

#[test]
fn a_document_is_read_back_as_it_was_written() {
    let snapshot = read(&json!({"repositories": [
        {"name": "b", "tracks_pulls": true, "manifests": [
            {"name": "index", "digest": key(7).to_string(), "media_type": "application/vnd.oci.image.index.v1+json", "size": 7,
             "tags": ["v1", {"name": "latest", "moved_at": "2026-06-01T12:00:00Z", "immutable": true}],
             "pushed_at": "2026-05-01T00:00:00Z", "children": ["one", "gone"]},
            {"name": "one", "digest": key(8).to_string(), "tags": []},
            {"name": "note", "digest": key(9).to_string(), "tags": [], "subject": "index", "artifact_type": "text/x", "resolved": false}
        ]},
        {"name": "a", "complete": false, "manifests": []},
    ]}))
    .unwrap();
    let text = serde_json::to_string(&snapshot).unwrap();
    let again = Snapshot::read(text.as_bytes()).unwrap();
    assert_eq!(again.digest(), snapshot.digest(), "{text}");
    assert_eq!(serde_json::to_string(&again).unwrap(), text);
    let b = snapshot.find_repository("b").unwrap();
    let index = snapshot.find_manifest(b, &key(7)).unwrap();
    assert_eq!((snapshot.children(index).count(), snapshot.missing_children(index)), (1, 1));
    assert_eq!(snapshot.referrers(index).map(|id| snapshot.manifest_name(id)).collect::<Vec<_>>(), ["note"]);
    assert!(snapshot.tracks_pulls(b) && !snapshot.is_complete(snapshot.find_repository("a").unwrap()));
}

#[test]
fn what_contradicts_itself_is_no_snapshot() {
    let row = json!({"digest": key(1).to_string(), "tags": ["a"]});
    let one = |manifests: serde_json::Value| json!({"repositories": [{"name": "app", "manifests": manifests}]});
    for (document, part) in [
        (one(json!([row, row])), "twice"),
        (one(json!([{"digest": key(1).to_string(), "tags": ["a", "a"]}])), "the tag a is there twice"),
        (one(json!([{"digest": "sha256:12", "tags": []}])), "no digest"),
        (one(json!([{"tags": []}])), "no digest"),
        (one(json!([{"digest": key(1).to_string(), "tags": ["a:b"]}])), "no tag"),
        (one(json!([{"digest": key(1).to_string(), "pushed_at": "yesterday"}])), "cannot be read"),
        (json!({"repositories": [{"name": "", "manifests": []}]}), "no name of a repository"),
        (json!({"repositories": [{"manifests": []}]}), "name"),
        (json!({"images": []}), "repositories"),
        (json!([]), "cannot be read"),
    ] {
        let error = read(&document).unwrap_err();
        assert!(error.to_string().contains(part), "{document}: {error}");
        assert!(!error.remedy().is_empty());
    }
}

#[test]
fn a_tag_that_moved_while_it_was_listed_leaves_its_repository_partly_known() {
    let rows = |tags: [&str; 2]| {
        let row = |number: u8, tag: &str| json!({"digest": key(number).to_string(), "tags": [tag]});
        json!({"repositories": [{"name": "app", "manifests": [row(1, tags[0]), row(2, tags[1])]}]})
    };
    for (tags, complete) in [(["a", "a"], false), (["a", "b"], true)] {
        let snapshot = read(&rows(tags)).unwrap();
        assert_eq!(snapshot.tags().len(), 2);
        assert_eq!(snapshot.is_complete(snapshot.find_repository("app").unwrap()), complete, "{tags:?}");
    }
}

#[test]
fn a_digest_that_nobody_knows_makes_its_repository_unresolved() {
    let mut builder = SnapshotBuilder::new();
    let app = builder.repository("app").unwrap();
    builder.tag(app, TagRow::new("v1", key(1))).unwrap();
    let snapshot = builder.finish().unwrap();
    assert_eq!(snapshot.manifests().map(|id| snapshot.is_resolved(id)).collect::<Vec<_>>(), [false]);
}
