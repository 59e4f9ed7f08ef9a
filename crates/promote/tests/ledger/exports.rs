//! Exports are verified anywhere, with no more than a public key.

use lockage_promote::ledger::{
    Chronicle, ExportedLedger, FileLedger, Finding, History as _, Ledger as _, LedgerReport, Trust, verify_export,
};

use crate::world::{REPOSITORY, arrival, ledger, memory, trust};

async fn exported(count: u64) -> String {
    let ledger = ledger(memory());
    for n in 0..count {
        ledger.append(arrival(n)).await.unwrap();
    }
    let mut export = Vec::new();
    assert_eq!(ledger.export(&mut export).await.unwrap(), count);
    String::from_utf8(export).unwrap()
}

async fn found(export: &str) -> LedgerReport {
    let report = verify_export(export.as_bytes(), &trust(&["ada"]), None, &[]).await.unwrap();
    let read = ExportedLedger::read(export.as_bytes(), &trust(&["ada"]), None).await;
    assert_eq!(read.is_ok(), report.is_sound(), "{report}");
    report
}

#[tokio::test]
async fn an_export_is_the_ledger() {
    let export = exported(5).await;
    let report = found(&export).await;
    assert!(report.is_sound(), "{report}");
    assert_eq!((report.entries, report.signed["ada"], report.ledger.as_deref()), (5, 5, Some(REPOSITORY)));
    let ledger = ExportedLedger::read(export.as_bytes(), &trust(&["ada"]), Some(REPOSITORY)).await.unwrap();
    let entries = Chronicle::of(ledger.entries(None).await.unwrap());
    let actors: Vec<_> = entries.entries().iter().map(|recorded| recorded.entry.actor.clone()).collect();
    assert_eq!(actors, ["actor 0", "actor 1", "actor 2", "actor 3", "actor 4"]);
    let lines: Vec<serde_json::Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[1]["entry"]["parents"][0], lines[0]["id"], "parents first");
}

#[tokio::test]
async fn whatever_is_wrong_with_an_export_is_found() {
    let export = exported(3).await;
    let lines: Vec<&str> = export.lines().collect();
    let of = |lines: &[&str]| format!("{}\n", lines.join("\n"));
    type Is = fn(&Finding) -> bool;
    let cases: [(String, Is); 6] = [
        (export.replace("actor 1", "actor 7"), |finding| matches!(finding, Finding::Misplaced { .. })),
        (of(&[lines[0], lines[2]]), |finding| matches!(finding, Finding::Missing { .. })),
        (of(&[lines[0], lines[1], lines[1], lines[2]]), |finding| matches!(finding, Finding::Repeated { .. })),
        (format!("{export}nonsense\n"), |finding| matches!(finding, Finding::Unreadable { .. })),
        (export[..export.len() - 40].to_owned(), |finding| matches!(finding, Finding::Unreadable { .. })),
        (export.replacen(",\"seal\":{", ",\"seals\":{", 1), |finding| matches!(finding, Finding::Unsigned { .. })),
    ];
    for (export, is) in cases {
        let report = found(&export).await;
        assert!(matches!(&report.findings[..], [one] if is(one)), "{report}");
    }
    // The seals of two lines, exchanged.
    let seal = |line: &str| line[line.find(",\"seal\"").unwrap()..].to_owned();
    let exchanged = of(&[lines[0], &lines[1].replace(&seal(lines[1]), &seal(lines[2])), lines[2]]);
    assert!(matches!(&found(&exchanged).await.findings[..], [Finding::Forged { .. }]));
}

#[tokio::test]
async fn lines_that_changed_places_are_found_and_are_the_same_history() {
    let export = exported(4).await;
    let lines: Vec<&str> = export.lines().collect();
    let of = |order: &[usize]| order.iter().map(|n| format!("{}\n", lines[*n])).collect::<String>();
    for (order, moved) in
        [(&[0, 1, 2, 3][..], &[][..]), (&[0, 2, 1, 3], &["line 3"]), (&[3, 2, 1, 0], &["line 2", "line 3", "line 4"])]
    {
        let report = verify_export(of(order).as_bytes(), &trust(&["ada"]), None, &[]).await.unwrap();
        let places: Vec<_> = report.findings.iter().map(place_of_reordered).collect();
        assert_eq!(places, moved, "{report}");
        let read = ExportedLedger::read(of(order).as_bytes(), &trust(&["ada"]), None).await.unwrap();
        assert_eq!(Chronicle::of(read.entries(None).await.unwrap()).entries().len(), 4);
    }
}

fn place_of_reordered(finding: &Finding) -> &str {
    match finding {
        Finding::Reordered { place, .. } => place,
        other => panic!("{other}"),
    }
}

/// What was written at the same time stands beside each other, in an order that everybody computes.
#[tokio::test]
async fn an_export_of_entries_beside_each_other_is_in_order() {
    let memory = memory();
    let writers: Vec<_> = (0..3).map(|_| ledger(memory.clone())).collect();
    for writer in &writers {
        writer.entries(None).await.unwrap();
    }
    for (writer, n) in writers.iter().zip([3, 1, 2]) {
        writer.append(arrival(n)).await.unwrap();
    }
    let reader = ledger(memory);
    assert_eq!(reader.verify(&[]).await.unwrap().heads.len(), 3);
    let mut export = Vec::new();
    reader.export(&mut export).await.unwrap();
    let report = verify_export(&export[..], &trust(&["ada"]), None, &[]).await.unwrap();
    assert!(report.is_sound(), "{report}");
}

#[tokio::test]
async fn the_last_line_that_was_left_out_is_found_by_whoever_has_seen_it() {
    let export = exported(3).await;
    let seen: Vec<_> = found(&export).await.heads;
    let short = export[..export.trim_end().rfind('\n').unwrap() + 1].to_owned();
    assert!(found(&short).await.is_sound(), "without any witness nobody can tell");
    let report = verify_export(short.as_bytes(), &trust(&["ada"]), None, &seen).await.unwrap();
    assert!(matches!(&report.findings[..], [Finding::Missing { id, .. }] if *id == seen[0]), "{report}");
}

#[tokio::test]
async fn an_export_is_of_one_ledger_and_signed_by_those_who_are_trusted() {
    let export = exported(2).await;
    let other =
        lockage_promote::ledger::RegistryLedger::new(memory(), "registry.test/b".parse().unwrap(), trust(&["ada"]))
            .signed_by(crate::notary::pen("ada"));
    other.append(arrival(8)).await.unwrap();
    let mut more = export.clone().into_bytes();
    other.export(&mut more).await.unwrap();
    let report = verify_export(&more[..], &trust(&["ada"]), None, &[]).await.unwrap();
    assert!(matches!(&report.findings[..], [Finding::Replayed { .. }]), "{report}");
    let report = verify_export(export.as_bytes(), &trust(&["ada"]), Some("registry.test/b"), &[]).await.unwrap();
    assert_eq!(report.findings.len(), 2, "{report}");
    let report = verify_export(export.as_bytes(), &trust(&["bob"]), None, &[]).await.unwrap();
    assert!(report.findings.iter().all(|finding| matches!(finding, Finding::Forged { .. })), "{report}");
    let report = verify_export(export.as_bytes(), &Trust::unchecked(), None, &[]).await.unwrap();
    assert_eq!((report.entries, report.unchecked, report.is_sound()), (2, 2, true), "and it is told");
}

#[tokio::test]
async fn a_ledger_in_a_file_is_read_as_an_export_without_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.jsonl");
    let ledger = FileLedger::new(&file);
    for n in 0..3 {
        ledger.append(arrival(n)).await.unwrap();
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let report = verify_export(text.as_bytes(), &trust(&["ada"]).or_unsigned(), None, &[]).await.unwrap();
    assert_eq!((report.entries, report.unsigned, report.is_sound()), (3, 3, true), "{report}");
    assert!(!verify_export(text.as_bytes(), &trust(&["ada"]), None, &[]).await.unwrap().is_sound());
    // There lines stand behind each other, and each ends.
    let lines: Vec<&str> = text.lines().collect();
    let swapped = format!("{}\n{}\n{}\n", lines[0], lines[2], lines[1]);
    let report = verify_export(swapped.as_bytes(), &Trust::unchecked(), None, &[]).await.unwrap();
    let places: Vec<_> = report.findings.iter().map(place_of_reordered).collect();
    assert_eq!(places, ["line 2", "line 3"], "{report}");
    let report = verify_export(text.trim_end().as_bytes(), &Trust::unchecked(), None, &[]).await.unwrap();
    assert!(matches!(&report.findings[..], [Finding::Unreadable { place, .. }] if place == "line 3"), "{report}");
    let report = verify_export(&b""[..], &Trust::unchecked(), None, &[]).await.unwrap();
    assert!(report.to_string().contains("nothing was verified"), "{report}");
}
