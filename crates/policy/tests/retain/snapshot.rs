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

/// An index with one child for each number, in this order of rows.
fn pairs(count: u32, order: impl IntoIterator<Item = (u32, bool)>) -> Result<Snapshot, SnapshotError> {
    let key = |number: u32, is_index: bool| {
        let mut bytes = [u8::from(is_index); 32];
        bytes[..4].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
        DigestKey::sha256(bytes)
    };
    let mut builder = SnapshotBuilder::new();
    let repository = builder.repository("app").unwrap();
    for (number, is_index) in order {
        let row = ManifestRow::new(key(number, is_index)).size(u64::from(number));
        let row = if is_index { row.child(key(number, false)) } else { row.subject(key(number / 2, true)) };
        builder.manifest(repository, row)?;
        if number % 3 == 0 {
            builder.tag(repository, TagRow::new(&format!("v{number}-{is_index}"), key((number + 7) % count, false)))?;
        }
    }
    builder.finish()
}

#[test]
fn rows_that_name_each_other_find_each_other_however_far_apart_they_are() {
    let count = 50_000;
    let near = pairs(count, (0..count).flat_map(|number| [(number, true), (number, false)])).unwrap();
    let far = (0..count).rev().map(|number| (number, false)).chain((0..count).map(|number| (number, true)));
    let far = pairs(count, far).unwrap();
    assert_eq!(near.manifests().len(), 2 * count as usize);
    assert_eq!((near.digest(), near.manifests().len()), (far.digest(), far.manifests().len()));
    for (one, other) in near.manifests().zip(far.manifests()).step_by(101) {
        assert_eq!(near.children(one).collect::<Vec<_>>(), far.children(other).collect::<Vec<_>>());
        assert_eq!(near.referrers(one).collect::<Vec<_>>(), far.referrers(other).collect::<Vec<_>>());
        assert_eq!(near.tags_at(one).collect::<Vec<_>>(), far.tags_at(other).collect::<Vec<_>>());
        assert_eq!(near.find_manifest(near.repository_of(one), &near.key(one)), Some(one));
    }
    let twice = (0..count).map(|number| (number, true)).chain([(1, true)]);
    let error = pairs(count, twice).unwrap_err();
    assert!(matches!(error, SnapshotError::TwiceManifest { .. }), "{error}");
}

#[test]
fn a_repository_may_be_named_after_its_manifests_and_more_than_once() {
    let read = |text: String| Snapshot::read(text.as_bytes());
    let row = |number: u8, tag: &str| format!(r#"{{"digest": "{}", "tags": ["{tag}"]}}"#, key(number));
    let (a, b) = (row(1, "a"), row(2, "b"));
    let one = read(format!(r#"{{"repositories": [{{"name": "app", "manifests": [{a}, {b}]}}]}}"#)).unwrap();
    let late = read(format!(r#"{{"repositories": [{{"manifests": [{a}, {b}], "name": "app"}}]}}"#)).unwrap();
    let parts =
        r#"{"manifests": [A], "name": "app"}, {"name": "app", "manifests": [B]}, {"manifests": [], "name": "app"}"#;
    let parts = parts.replace('A', &a).replace('B', &b);
    let several = read(format!(r#"{{"repositories": [{parts}]}}"#)).unwrap();
    assert_eq!((one.digest(), one.digest()), (late.digest(), several.digest()));
    assert_eq!(several.repositories().len(), 1);
    let partly = read(format!(r#"{{"repositories": [{parts}, {{"name": "app", "complete": false}}]}}"#)).unwrap();
    assert!(!partly.is_complete(partly.find_repository("app").unwrap()));
    for (document, part) in [
        (format!(r#"{{"name": "app", "manifests": [{a}], "manifests": [{b}]}}"#), "two lists"),
        (format!(r#"{{"name": "app", "manif\u0065sts": [{a}]}}"#), "no list"),
        (format!(r#"{{"name": "app", "manifests": {a}}}"#), "no list"),
        (format!(r#"{{"name": "app", "manifests": [{a} {b}]}}"#), "cannot be read"),
        (format!(r#"{{"name": "app", "manifests": [{a}, 5]}}"#), "no manifest"),
        (format!(r#"{{"name": "app", "manifests": [{a}"#), "cannot be read"),
        (format!(r#"{{"name": "app", "manifests": [{a}], "x": "y"#), "cannot be read"),
        (r#"{"name": "app", "manifests": [{"digest": "#.to_owned(), "cannot be read"),
        (format!(r#"{{"manifests": [{a}]}}"#), "name"),
        (format!(r#"{{"manifests": [{a}], "name": "a", "name": "b"}}"#), "name"),
        (format!(r#"{{"name": "app", "manifests": [{a}, {{"digest": 5}}]}}"#), "byte"),
    ] {
        let error = read(format!(r#"{{"repositories": [{document}]}}"#)).unwrap_err();
        assert!(error.to_string().contains(part), "{document}: {error}");
    }
}

#[test]
fn names_and_digests_of_the_same_row_name_the_same() {
    let row = |name: &str, number: u8, more: serde_json::Value| {
        let row = json!({"name": name, "digest": key(number).to_string(), "tags": []});
        merged(row, more)
    };
    let of = |rows: &[serde_json::Value]| read(&json!({"repositories": [{"name": "app", "manifests": rows}]}));
    let index = |more| row("i", 7, more);
    let (a, b) = (row("a", 8, json!({})), row("b", 9, json!({})));
    let other = key(9).to_string();
    for wrong in
        [json!({"children": ["a"], "child_digests": [other]}), json!({"subject": "a", "subject_digest": other})]
    {
        for rows in [[index(wrong.clone()), a.clone(), b.clone()], [a.clone(), b.clone(), index(wrong.clone())]] {
            let error = of(&rows).unwrap_err();
            assert!(matches!(&error, SnapshotError::TwoNamed { name, .. } if name == "a"), "{error}");
        }
    }
    // Where one says more than the other, all of it counts; names of what is not here say nothing.
    let children = |more| {
        let snapshot = of(&[index(more), a.clone(), b.clone()]).unwrap();
        let repository = snapshot.find_repository("app").unwrap();
        let index = snapshot.find_manifest(repository, &key(7)).unwrap();
        snapshot.children(index).map(|child| snapshot.key(child)).collect::<Vec<_>>()
    };
    assert_eq!(children(json!({"children": ["a", "gone"], "child_digests": [other]})), [key(8), key(9)]);
    assert_eq!(children(json!({"children": ["b", "gone"], "child_digests": [other, key(200).to_string()]})), [key(9)]);
}

#[test]
fn an_index_of_which_nobody_says_what_is_in_it_has_not_been_read() {
    let resolved = |more| {
        let row = json!({"digest": key(7).to_string(), "tags": []});
        let snapshot = read(&json!({"repositories": [{"name": "app", "manifests": [merged(row, more)]}]})).unwrap();
        snapshot.manifests().all(|id| snapshot.is_resolved(id))
    };
    let index = "application/vnd.oci.image.index.v1+json";
    assert!(!resolved(json!({"media_type": index})));
    assert!(!resolved(json!({"media_type": "application/vnd.docker.distribution.manifest.list.v2+json"})));
    assert!(resolved(json!({"media_type": index, "child_digests": []})));
    assert!(resolved(json!({"media_type": index, "children": []})));
    assert!(resolved(json!({"media_type": index, "resolved": true})));
    assert!(resolved(json!({"media_type": "application/vnd.oci.image.manifest.v1+json"})));
    assert!(resolved(json!({})));
}

#[test]
fn a_field_that_keeps_something_is_not_passed_over_for_its_spelling() {
    type Place = fn(serde_json::Value) -> serde_json::Value;
    let (document, repository, manifest, tag): (Place, Place, Place, Place) = (
        |more| merged(json!({"repositories": []}), more),
        |more| json!({"repositories": [merged(json!({"name": "app", "manifests": []}), more)]}),
        |more| {
            let row = merged(json!({"digest": key(1).to_string()}), more);
            json!({"repositories": [{"name": "app", "manifests": [row]}]})
        },
        |more| {
            let tags = json!(["a", merged(json!({"name": "b"}), more)]);
            json!({"repositories": [{"name": "app", "manifests": [{"digest": key(1).to_string(), "tags": tags}]}]})
        },
    );
    for (at, place, written, field) in [
        (document, "the snapshot", "compleet", "complete"),
        (document, "the snapshot", "Complete", "complete"),
        (repository, "app", "is_complete", "complete"),
        (repository, "app", "manifest", "manifests"),
        (manifest, "the manifest that begins at byte", "Resolved", "resolved"),
        (manifest, "the manifest that begins at byte", "pushed", "pushed_at"),
        (manifest, "the manifest that begins at byte", "pulledAt", "pulled_at"),
        (manifest, "the manifest that begins at byte", "tag", "tags"),
        (manifest, "the manifest that begins at byte", "Subject", "subject"),
        (manifest, "the manifest that begins at byte", "subject-digest", "subject_digest"),
        (manifest, "the manifest that begins at byte", "childern", "children"),
        (manifest, "the manifest that begins at byte", "storageClass", "storage_class"),
        (manifest, "the manifest that begins at byte", "noStatistics", "no_statistics"),
        (tag, ", tags[1]", "Immutable", "immutable"),
        (tag, ", tags[1]", "is_locked", "locked"),
        (tag, ", tags[1]", "moved", "moved_at"),
    ] {
        // Whatever it says: it is not read.
        for value in [json!(false), json!("2026-01-01T00:00:00Z"), json!(["x"])] {
            let error = read(&at(json!({ written: value }))).unwrap_err();
            match &error {
                SnapshotError::Misspelt { place: found, field: name, meant } => {
                    assert!(found.contains(place) && name == written && *meant == field, "{error}");
                }
                other => panic!("{written}: {other}"),
            }
        }
    }
    // What means something else, or nothing that keeps anything, is whoever's it is.
    for (at, more) in [
        (document, json!({"comment": "x", "Taken_at": "x", "version": 1})),
        (repository, json!({"labels": {"complete": "x"}, "tracks_pull": 1, "url": "x"})),
        (manifest, json!({"labels": {}, "sizes": [1], "created": "x", "platform": "linux/amd64", "architecture": 1})),
        (tag, json!({"created_at": "x", "digest": "x", "status": "x"})),
    ] {
        assert!(read(&at(more.clone())).is_ok(), "{more}");
    }
    let twice =
        |text: &str| Snapshot::read(text.as_bytes()).map(|all| all.is_complete(all.repositories().next().unwrap()));
    let app = r#"{"name": "app", "complete": false, "complete": true, "manifests": []}"#;
    assert_eq!(twice(&format!(r#"{{"repositories": [{app}]}}"#)), Ok(false));
    let app = r#"{"complete": false, "repositories": [{"name": "app"}], "complete": true}"#;
    assert_eq!(twice(app), Ok(false));
}

fn merged(mut one: serde_json::Value, more: serde_json::Value) -> serde_json::Value {
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    one
}
