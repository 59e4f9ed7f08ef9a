//! The four rules that the whole began with, each from a ledger to a plan.

use lockage_policy::jiff::SignedDuration;

use crate::world::{Book, digest, image, planned, policy, row, snapshot, words};

#[test]
fn previous_sha_images_of_a_pull_request_go_after_a_new_push() {
    let policy = policy(
        "classes:\n  pr: { tag: { regex: 'pr-(?<pr>[0-9]+)-(?<sha>[0-9a-f]{7,40})' } }\ngrace: 15m\n\
         delete:\n  - { name: superseded, class: pr, beyond: 1, per: [pr] }\nuntagged: { older_than: 2d }\n",
    );
    let here = snapshot(&[(
        "ghcr.io/acme/app-dev",
        vec![
            // An index with a platform and a signature goes with both.
            row(1, &["pr-2-aaaaaaa"], "2026-06-01T10:00:00Z", &[11], None),
            row(11, &[], "2026-06-01T10:00:00Z", &[], None),
            row(12, &[], "2026-06-01T10:01:00Z", &[], Some(1)),
            image(2, "pr-2-bbbbbbb", "2026-06-01T11:00:00Z"),
            image(3, "pr-267-ccccccc", "2026-06-01T09:00:00Z"),
            image(4, "pr-9-ddddddd", "2026-06-01T08:00:00Z"),
            image(5, "pr-9-eeeeeee", "2026-06-01T09:00:00Z"),
            // Two builds of one push: both are too new to be judged.
            image(6, "pr-7-fffffff", "2026-06-01T11:50:00Z"),
            image(7, "pr-7-0000000", "2026-06-01T11:55:00Z"),
        ],
    )]);
    // The older build of pull request 9 was taken to staging, and prod may get it from there.
    let book = Book::default().promoted(4, "dev", "staging", "2026-06-01T08:30:00Z");
    let report = planned(&here, &policy, &book, "2026-06-01T12:00:00Z");
    assert_eq!(report.delete_tags, ["ghcr.io/acme/app-dev:pr-2-aaaaaaa"]);
    let gone: Vec<_> = [12, 1, 11].iter().map(|n| format!("ghcr.io/acme/app-dev@{}", digest(*n))).collect();
    assert_eq!(report.delete, gone, "what speaks about it, the index, and its platform");
    let kept = words(&report, "ghcr.io/acme/app-dev:pr-9-ddddddd");
    assert!(kept.contains("current in staging") && kept.contains("ledger"), "{kept}");
    // Without the promotion it goes as well.
    let report = planned(&here, &policy, &Book::default(), "2026-06-01T12:00:00Z");
    assert_eq!(report.delete_tags, ["ghcr.io/acme/app-dev:pr-2-aaaaaaa", "ghcr.io/acme/app-dev:pr-9-ddddddd"]);
}

#[test]
fn the_sha_image_in_staging_goes_once_promoted_unless_a_downstream_environment_may_still_need_it() {
    let policy = policy(
        "classes:\n  staging: { repo: 'ghcr.io/acme/app-staging', tag: { regex: 'sha-[0-9a-f]+' } }\ngrace: 24h\n\
         delete:\n  - { name: promoted, class: staging, promoted: { to: prod, after: 72h } }\n",
    );
    let tags = ["sha-01", "sha-02", "sha-03", "sha-04", "sha-05"];
    let here = snapshot(&[(
        "ghcr.io/acme/app-staging",
        tags.iter().zip(1..).map(|(tag, number)| image(number, tag, "2026-05-01")).collect(),
    )]);
    let book = |book: Book| {
        let all = book
            .promoted(1, "dev", "staging", "2026-05-01")
            .promoted(1, "staging", "prod", "2026-05-02")
            .promoted(2, "dev", "staging", "2026-05-03")
            .promoted(2, "staging", "prod", "2026-05-04")
            .promoted(3, "dev", "staging", "2026-05-05")
            .promoted(3, "staging", "prod", "2026-05-06")
            .promoted(4, "dev", "staging", "2026-05-07")
            .promoted(5, "dev", "staging", "2026-05-08");
        planned(&here, &policy, &all, "2026-06-01")
    };
    let tag = |tag: &str| format!("ghcr.io/acme/app-staging:{tag}");
    // Nothing is in dr yet, and it may still get all of them.
    let report = book(Book::default());
    assert_eq!(report.delete_tags, [""; 0]);
    assert!(words(&report, &tag("sha-01")).contains("dr may still get it"), "{}", words(&report, &tag("sha-01")));
    // Once dr has the second, the first is behind; the third is in prod now, which a rule that deletes does not change.
    let has_two = || Book::default();
    let all = has_two()
        .promoted(1, "dev", "staging", "2026-05-01")
        .promoted(1, "staging", "prod", "2026-05-02")
        .promoted(2, "dev", "staging", "2026-05-03")
        .promoted(2, "staging", "prod", "2026-05-04")
        .promoted(2, "staging", "dr", "2026-05-04")
        .promoted(3, "dev", "staging", "2026-05-05")
        .promoted(3, "staging", "prod", "2026-05-06")
        .promoted(4, "dev", "staging", "2026-05-07")
        .promoted(5, "dev", "staging", "2026-05-08");
    let report = planned(&here, &policy, &all, "2026-06-01");
    assert_eq!(report.delete_tags, [tag("sha-01")], "what is in dr and in prod stays, and what they may still get");
    // Denied for dr, the third may go there no more; but prod has it.
    let all = all.denied(3, Some("dr"), "2026-05-09");
    let report = planned(&here, &policy, &all, "2026-06-01");
    assert!(words(&report, &tag("sha-03")).contains("current in prod"));
    // Replaced in prod and denied for dr, it goes three days after it was promoted, and not before.
    let all = all.promoted(4, "staging", "prod", "2026-05-30").promoted(5, "staging", "dr", "2026-05-30");
    assert_eq!(planned(&here, &policy, &all, "2026-06-01").delete_tags, [tag("sha-01"), tag("sha-02"), tag("sha-03")]);
    let gone = planned(&here, &policy, &all.promoted(5, "staging", "prod", "2026-05-31"), "2026-06-02T00:00:01Z");
    assert_eq!(gone.delete_tags, [tag("sha-01"), tag("sha-02"), tag("sha-03"), tag("sha-04")], "sha-05 runs in both");
}

#[test]
fn what_is_older_than_a_number_of_days_or_beyond_a_number_of_images_goes() {
    let policy = policy(
        "grace: 24h\nclasses:\n  nightly: { tag: 'nightly-*' }\ndelete:\n  - { name: age, class: nightly, older_than: 14d }\n  \
         - { name: count, class: nightly, beyond: 4 }\nkeep:\n  - { name: floor, class: nightly, newest: 2 }\n",
    );
    let nightly = |ages: &[i64]| {
        let now = crate::world::at("2026-06-01T12:00:00Z");
        let pushed = |days: i64| (now - SignedDuration::from_hours(24 * days)).to_string();
        let rows = ages.iter().zip(1..).map(|(days, number)| image(number, &format!("nightly-{days}"), &pushed(*days)));
        snapshot(&[("ghcr.io/acme/app-dev", rows.collect())])
    };
    let gone = |ages: &[i64], book: &Book| {
        let report = planned(&nightly(ages), &policy, book, "2026-06-01T12:00:00Z");
        let names = report.delete_tags.iter().map(|tag| tag.rsplit_once('-').unwrap().1.parse().unwrap());
        let mut gone: Vec<i64> = names.collect();
        gone.sort_unstable();
        gone
    };
    let none = Book::default();
    assert_eq!(gone(&[1, 2, 3, 4, 5, 6], &none), [5, 6], "beyond four");
    assert_eq!(gone(&[1, 2, 14, 15], &none), [15], "older than fourteen days, and not just as old");
    assert_eq!(gone(&[20, 30, 40], &none), [40], "never fewer than two, however old");
    // One that is in an environment stays, and is counted all the same.
    let used = Book::default().promoted(6, "dev", "staging", "2026-05-28");
    assert_eq!(gone(&[1, 2, 3, 4, 5, 6], &used), [5]);
}

#[test]
fn everything_that_was_ever_in_production_is_held_for_seven_years_by_the_ledger_and_not_by_tags() {
    let policy = policy(
        "hold:\n  - { name: sox-7y, for: 7y, from: promoted, to: prod, mode: compliance }\n\
         delete:\n  - { name: all, always: true }\nuntagged: { older_than: 1d }\nguards: { min_survivors: 0 }\n",
    );
    let here = snapshot(&[(
        "ghcr.io/acme/app-prod",
        vec![
            // It was in prod on 29 February, and has lost its tag since.
            row(1, &[], "2019-12-01", &[11], None),
            row(11, &[], "2019-12-01", &[], None),
            row(12, &[], "2019-12-02", &[], Some(1)),
            image(2, "v2", "2019-12-01"),
            image(3, "v3", "2019-12-01"),
            image(4, "v4", "2019-12-01"),
        ],
    )]);
    let book = Book::default()
        .promoted(1, "staging", "prod", "2020-02-29T12:00:00Z")
        .promoted(2, "staging", "prod", "2020-03-01T12:00:00Z")
        // Only the first time counts: it was never out of reach in between.
        .promoted(1, "staging", "prod", "2024-01-01")
        .promoted(3, "dev", "staging", "2024-01-02")
        .promoted(4, "dev", "staging", "2024-01-02")
        .promoted(4, "staging", "prod", "2026-01-01")
        .promoted(4, "staging", "dr", "2026-01-01");
    let kept = |now: &str| {
        let report = planned(&here, &policy, &book, now);
        let numbers = [1, 11, 12, 2, 3, 4];
        numbers
            .into_iter()
            .filter(|n| !report.delete.iter().any(|gone| gone.contains(digest(*n).as_str())))
            .collect::<Vec<u8>>()
    };
    // The year after 29 February ends with 28 February: it is over on 1 March. The third never was in prod, and never will be.
    assert_eq!(kept("2027-02-28T23:59:59Z"), [1, 11, 12, 2, 4]);
    assert_eq!(kept("2027-03-01T11:59:59Z"), [1, 11, 12, 2, 4]);
    assert_eq!(kept("2027-03-01T12:00:00Z"), [4], "both were promoted seven years ago now");
    assert_eq!(kept("2033-01-01T00:00:01Z"), [4], "it is still what prod has");
}
