//! What a ledger knows, fact by fact.

use std::sync::Arc;

use lockage_policy::facts::{LedgerFacts, LedgerNow, WhatRuns as _};
use lockage_policy::retain::{Facts, Held, Policy, Running};
use lockage_promote::ledger::{Ledger as _, MemoryLedger};

use crate::world::{Book, at, digest, graph, policy};

/// Why the ledger says that an image is in use, by the number of its digest.
fn uses(facts: &Facts) -> Vec<(u8, String)> {
    let number = |what: &Running| match what {
        Running::Digest(digest) => u8::from_str_radix(&digest.hex()[..2], 16).unwrap(),
        other => panic!("{other:?}"),
    };
    let mut all: Vec<_> =
        facts.in_use.iter().map(|one| (number(&one.what), one.why.clone().unwrap_or_default())).collect();
    all.sort();
    all
}

fn facts(book: &Book, policy: &Policy) -> Facts {
    book.facts(policy, at("2026-06-01"))
}

fn said(list: &[(u8, &str)]) -> Vec<(u8, String)> {
    list.iter().map(|(number, why)| (*number, (*why).to_owned())).collect()
}

#[test]
fn what_is_current_was_before_and_is_about_to_arrive_is_in_use() {
    let book = Book::default()
        .promoted(1, "staging", "prod", "2026-05-01")
        .promoted(2, "staging", "prod", "2026-05-02")
        .promoted(3, "staging", "prod", "2026-05-03")
        .promoted(2, "staging", "prod", "2026-05-04")
        .begun(4, "staging", "prod", "2026-05-05");
    let of = |history: &str| {
        let policy = policy(&format!("hold: [{{ name: h, in_use: [ledger]{history} }}]"));
        let mut uses = uses(&facts(&book, &policy));
        uses.retain(|(_, why)| !why.contains("may still get it"));
        uses
    };
    let (current, begun) = ((2, "current in prod"), (4, "about to arrive in prod"));
    assert_eq!(of(""), said(&[current, begun]));
    let back = |n| (n, "it may be rolled back to in prod");
    assert_eq!(of(", history: 2"), said(&[current, back(3), begun]));
    assert_eq!(of(", history: 5"), said(&[back(1), current, back(3), begun]), "each once");
    assert!(facts(&book, &policy("")).asked.contains("ledger"));
}

#[test]
fn whatever_was_ever_in_an_environment_was_promoted_there_since_it_first_was() {
    let book = Book::default()
        .promoted(1, "staging", "prod", "2020-05-01")
        .promoted(2, "staging", "prod", "2021-05-01")
        .promoted(1, "staging", "prod", "2022-05-01")
        // What was only begun never was there.
        .begun(3, "staging", "prod", "2023-05-01");
    let facts = facts(&book, &policy(""));
    let mut all: Vec<_> = facts.promoted.iter().map(|one| (one.to.as_str(), &one.digest, one.at)).collect();
    all.sort();
    let (one, two) = (digest(1), digest(2));
    let (first, second) = (at("2020-05-01"), at("2021-05-01"));
    let repository = "ghcr.io/acme/app-prod";
    assert_eq!(
        all,
        [(repository, &one, first), (repository, &two, second), ("prod", &one, first), ("prod", &two, second)]
    );
    assert!(facts.promoted.iter().all(|one| one.checks.is_empty()), "no registry was asked");
}

#[test]
fn what_an_environment_holds_must_not_be_touched_until_its_hold_ends() {
    let held = |book: Book| {
        let facts = facts(&book.held(1, "prod", None, "2026-05-02"), &policy(""));
        facts.holds
    };
    let holds = held(Book::default().promoted(1, "staging", "prod", "2026-05-01"));
    assert_eq!((holds.len(), &holds[0].scope, holds[0].until), (1, &Held::Digest(digest(1)), None));
    assert!(holds[0].reason.contains("audit"), "{}", holds[0].reason);
    assert!(held(Book::default()).is_empty(), "nothing is there");
    let until = |until: &str| {
        let book = Book::default().promoted(1, "staging", "prod", "2026-05-01");
        facts(&book.held(1, "prod", Some(until), "2026-05-02"), &policy("")).holds
    };
    assert_eq!(until("2026-07-01")[0].until, Some(at("2026-07-01")));
    assert!(until("2026-05-31").is_empty(), "it has ended");
}

#[test]
fn an_image_may_still_go_downstream_until_it_has_is_denied_or_is_behind() {
    let may = |book: &Book| -> Vec<u8> {
        let uses = uses(&facts(book, &policy("")));
        uses.into_iter().filter(|(_, why)| why.contains("may still get it")).map(|(number, _)| number).collect()
    };
    let book = Book::default().promoted(1, "dev", "staging", "2026-05-01").promoted(2, "dev", "staging", "2026-05-02");
    assert_eq!(may(&book), [1, 2]);
    let book = book.promoted(2, "staging", "prod", "2026-05-03");
    assert_eq!(may(&book), [1, 2], "dr has neither");
    let book = book.promoted(2, "staging", "dr", "2026-05-04");
    assert_eq!(may(&book), [0; 0], "the first is behind in both, the second is in both");
    // What came to staging later is not behind.
    let book = book.promoted(3, "dev", "staging", "2026-05-05");
    assert_eq!(may(&book), [3]);
    assert_eq!(may(&book.denied(3, None, "2026-05-06")), [0; 0], "denied everywhere");
    let book = Book::default().promoted(3, "dev", "staging", "2026-05-05").denied(3, Some("prod"), "2026-05-06");
    assert_eq!(may(&book), [3], "dr may have it");
    let book = book.denied(3, Some("dr"), "2026-05-07");
    assert_eq!(may(&book), [0; 0]);
    assert_eq!(may(&book.released_denial(3, "2026-05-08")), [3], "released everywhere");
}

#[test]
fn versions_say_what_is_behind_whatever_the_order_of_arrivals_says() {
    let may = |book: &Book| uses(&facts(book, &policy(""))).iter().filter(|(_, why)| why.contains("may still")).count();
    let book = Book::default()
        .released(1, "1.0.1", "dev", "staging", "2026-05-05")
        .released(2, "v2.0.0", "dev", "staging", "2026-05-01")
        .released(2, "v2.0.0", "staging", "prod", "2026-05-02")
        .released(2, "v2.0.0", "staging", "dr", "2026-05-02");
    assert_eq!(may(&book), 0, "an older line");
    let book = Book::default()
        .released(1, "1.0.1", "dev", "staging", "2026-05-01")
        .released(2, "1.0.0", "dev", "staging", "2026-05-03")
        .released(2, "1.0.0", "staging", "prod", "2026-05-04")
        .released(2, "1.0.0", "staging", "dr", "2026-05-04");
    assert_eq!(may(&book), 1, "the higher version may still go");
}

#[test]
fn without_a_graph_downstream_is_where_images_have_been_promoted_to() {
    let book = Book::default()
        .promoted(1, "dev", "staging", "2026-05-01")
        .promoted(1, "staging", "prod", "2026-05-02")
        .promoted(2, "dev", "staging", "2026-05-03");
    let facts = LedgerFacts::of(&book.chronicle()).facts(at("2026-06-01")).unwrap();
    assert!(uses(&facts).contains(&(2, "prod may still get it".to_owned())), "{:?}", facts.in_use);
    assert!(facts.promoted.iter().all(|one| !one.to.contains('/')), "nobody said where prod is");
    assert!(facts.seen.is_empty());
}

#[test]
fn tags_that_never_move_were_seen_with_what_they_were_made_to_hold() {
    let book = Book::default().promoted(1, "dev", "staging", "2026-05-01");
    let facts = facts(&book, &policy(""));
    let tag = format!("ghcr.io/acme/app-staging:sha-{:040x}", 1);
    assert_eq!(facts.seen.iter().map(|seen| (&seen.tag, &seen.digest)).collect::<Vec<_>>(), [(&tag, &digest(1))]);
}

#[test]
fn an_environment_that_is_no_more_has_no_repository_and_its_images_were_promoted_all_the_same() {
    let book = Book::default().promoted(1, "staging", "old-prod", "2020-05-01");
    let (chronicle, graph) = (book.chronicle(), graph());
    let facts = LedgerFacts::of(&chronicle).graph(&graph).facts(at("2026-06-01")).unwrap();
    assert_eq!(facts.promoted.iter().map(|one| one.to.as_str()).collect::<Vec<_>>(), ["old-prod"]);
}

#[tokio::test]
async fn what_is_in_use_is_read_anew_each_time() {
    let ledger = MemoryLedger::new();
    let now = LedgerNow::new(Arc::new(ledger.clone())).graph(graph());
    assert_eq!(now.in_use().await.unwrap(), []);
    for recorded in Book::default().promoted(1, "staging", "prod", "2026-05-01").chronicle().entries() {
        ledger.append((*recorded.entry).clone()).await.unwrap();
    }
    let used = now.in_use().await.unwrap();
    let why: Vec<_> = used.iter().map(|one| (one.what.clone(), one.why.as_deref())).collect();
    assert!(why.contains(&(Running::Digest(digest(1)), Some("current in prod"))), "{why:?}");
}
