//! Versions by the calendar: layouts, order, the next version, and the tags of a release.
#![cfg(feature = "conventions")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use lockage_tagging::{
    BuildFacts, Date, TagScheme,
    calver::{CalverError, CalverLayout, CalverRelease},
    class::{Mobility, TagClass},
};
use proptest::prelude::*;

const LAYOUTS: [&str; 11] = [
    "YYYY.MM.MICRO",
    "YYYY.0M.0D",
    "YY.MM",
    "YY.0M.MICRO",
    "0Y.0M.0D.MICRO",
    "YYYY0M0D",
    "YYYY-0M-0D",
    "YYYY.0W.MICRO",
    "YYYY.WW",
    "YYYY.MM.DD_MICRO",
    "YYYY.MICRO",
];

fn layout(text: &str) -> CalverLayout {
    text.parse().unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

#[test]
fn layouts_print_as_they_are_written() {
    for text in LAYOUTS {
        assert_eq!(layout(text).to_string(), text);
    }
    for text in ["", ".", "YYYY.", ".YYYY", "YYYY..MM", "yyyy.mm", "YYYY/MM", "YYMM", "YYYY.MMDD", "1.YYYY", "YYYY.M"] {
        assert!(matches!(text.parse::<CalverLayout>(), Err(CalverError::Layout { .. })), "{text}");
    }
    for text in ["MM.DD", "YYYY.YY", "YYYY.MM.0M", "YYYY.MM.WW", "YYYY.DD", "YYYY.WW.DD", "YYYY.MICRO.MICRO"] {
        assert!(matches!(text.parse::<CalverLayout>(), Err(CalverError::Order { .. })), "{text}");
    }
    let error = "MM.DD".parse::<CalverLayout>().unwrap_err();
    assert_eq!(error.to_string(), "the layout MM.DD has no year");
}

#[test]
fn versions_are_written_as_the_layout_says() {
    for (text, legal, illegal) in [
        (
            "YYYY.0M.0D",
            &["2024.03.09", "v2024.12.31", "2024.02.29"] as &[_],
            &[
                "2024.3.09",
                "2024.03.9",
                "2023.02.29",
                "2024.13.01",
                "2024.00.01",
                "24.03.09",
                "2024.03",
                "2024.03.09.1",
                "2024-03-09",
                "0000.01.01",
                "",
                "v",
                "vv2024.03.09",
            ] as &[_],
        ),
        (
            "YYYY.MM.MICRO",
            &["2024.3.0", "2024.12.10", "2024.3.9999999999999999999"],
            &["2024.03.0", "2024.3.01", "2024.0.1", "2024.3.99999999999999999999", "2024.3.", "2024.3.-1"],
        ),
        ("YY.MM", &["0.1", "6.10", "24.4", "106.12"], &["06.1", "1000.1", "24.04"]),
        ("0Y.0M", &["06.01", "24.04"], &["6.01", "124.01"]),
        ("YYYY.WW", &["2024.1", "2020.53"], &["2024.53", "2024.0", "2024.01"]),
        ("YYYY0M0D", &["20240309"], &["2024039", "20240399"]),
    ] {
        for version in legal {
            assert_eq!(layout(text).read(version).unwrap().as_str(), version.trim_start_matches('v'), "{text}");
        }
        for version in illegal {
            let error = layout(text).read(version);
            assert!(matches!(error, Err(CalverError::Version { .. })), "{text} on {version}");
        }
    }
}

#[test]
fn versions_compare_by_their_numbers() {
    for (text, ascending) in [
        ("YYYY.MM.MICRO", &["2023.12.9", "2024.3.9", "2024.3.10", "2024.10.0"] as &[_]),
        ("YY.MM", &["9.12", "24.4", "24.10", "106.1"]),
        ("MM.YYYY.MICRO", &["12.2023.0", "1.2024.0", "2.2024.0"]),
    ] {
        let versions: Vec<_> = ascending.iter().map(|version| layout(text).read(version).unwrap()).collect();
        assert!(versions.windows(2).all(|pair| pair[0] < pair[1]), "{text}");
    }
}

#[test]
fn the_next_version_counts_the_releases_of_its_date() {
    for (text, date, existing, next) in [
        ("YYYY.MM.MICRO", "2024-03-09", &[] as &[_], "2024.3.0"),
        ("YYYY.MM.MICRO", "2024-03-09", &["2024.3.0", "v2024.3.9", "2024.3.10", "2024.2.99", "latest"], "2024.3.11"),
        ("YYYY.0M.0D.MICRO", "2024-03-09", &["2024.03.09.0", "2024.03.08.7"], "2024.03.09.1"),
        ("YYYY.0M.0D", "2024-03-09", &["2024.03.08"], "2024.03.09"),
        ("YYYY.MICRO", "2024-03-09", &["2024.41", "2023.99"], "2024.42"),
        ("YYYY.0W", "2024-12-30", &[], "2025.01"),
        ("YY.WW.MICRO", "2021-01-03", &["20.53.1"], "20.53.2"),
        ("0Y.0M", "2006-01-05", &[], "06.01"),
        ("YY.MM", "2106-01-05", &[], "106.1"),
    ] {
        assert_eq!(layout(text).next(day(date), existing).unwrap().as_str(), next, "{text} on {date}");
    }
    let taken = layout("YYYY.0M.0D").next(day("2024-03-09"), ["2024.03.09"]).unwrap_err();
    assert_eq!(taken.to_string(), "the version 2024.03.09 exists already, and its layout has no MICRO");
    let full = layout("YYYY.MICRO").next(day("2024-03-09"), ["2024.9999999999999999999"]);
    assert!(matches!(full, Err(CalverError::Taken { .. })));
    for date in ["1999-12-31", "3000-01-01"] {
        let error = layout("YY.MM").next(day(date), [""; 0]);
        assert!(matches!(error, Err(CalverError::Date { .. })), "{date}: {error:?}");
    }
    assert!(matches!(layout("0Y.MM").next(day("2100-01-01"), [""; 0]), Err(CalverError::Date { .. })));
}

#[test]
fn a_release_moves_latest_when_nothing_is_later() {
    let among = |text: &str, existing: &[&str]| CalverRelease::among(layout(text), existing).lines();
    for (text, existing, git_tag, expected) in [
        ("YYYY.0M.0D", &[] as &[&str], "2024.03.09", &["2024.03.09", "2024.03", "2024", "latest"] as &[&str]),
        ("YYYY.0M.0D", &["2024.03.09"], "v2024.03.09", &["2024.03.09", "2024.03", "2024", "latest"]),
        ("YYYY.0M.0D", &["2024.03.10", "2024.03"], "2024.03.09", &["2024.03.09"]),
        ("YYYY.0M.0D", &["2024.04.01"], "2024.03.09", &["2024.03.09", "2024.03"]),
        ("YYYY.0M.0D", &["2025.01.01"], "2024.03.09", &["2024.03.09", "2024.03", "2024"]),
        ("YYYY.MM.DD.MICRO", &[], "2024.3.9.0", &["2024.3.9.0", "2024.3", "2024", "latest"]),
        ("YYYY.0M.0D", &["9999.12"], "v1.2.3", &[]),
    ] {
        let tags = among(text, existing).tags(&BuildFacts::tag(git_tag)).unwrap();
        assert_eq!(tags, expected, "{git_tag} among {existing:?}");
    }
    let plain = CalverRelease::among(layout("YYYY.0M.0D"), ["2024.03.10"]);
    assert_eq!(plain.tags(&BuildFacts::tag("2024.03.11")).unwrap(), ["2024.03.11", "latest"]);
    assert!(plain.tags(&BuildFacts::branch("2024.03.11")).unwrap().is_empty());
}

fn date() -> impl Strategy<Value = Date> {
    (2000..2100_u16, 1..=12_u8, 1..=28_u8).prop_map(|(year, month, day)| Date::new(year, month, day).unwrap())
}

proptest! {
    /// Time goes on: the next version of a later day is later, and on the same day it counts up.
    #[test]
    fn the_next_version_is_later(text in prop::sample::select(LAYOUTS.to_vec()), one in date(), other in date()) {
        let layout = layout(text);
        let first = layout.next(one.min(other), [""; 0]).unwrap();
        match layout.next(one.max(other), [first.as_str()]) {
            Ok(second) => prop_assert!(first < second, "{} then {}", first, second),
            Err(CalverError::Taken { .. }) => prop_assert!(!text.contains("MICRO")),
            Err(error) => prop_assert!(false, "{}", error),
        }
        prop_assert_eq!(layout.read(first.as_str()).unwrap(), first);
    }

    #[test]
    fn every_tag_is_of_a_class_that_the_scheme_declares(
        text in prop::sample::select(LAYOUTS.to_vec()),
        one in date(),
        other in date(),
    ) {
        let layout = layout(text);
        let (version, existing) = (layout.next(one, [""; 0]).unwrap(), layout.next(other, [""; 0]).unwrap());
        let scheme = CalverRelease::among(layout, [existing.as_str()]);
        for tag in scheme.tags(&BuildFacts::tag(version.as_str())).unwrap() {
            let class = TagClass::made_by(&scheme, &tag);
            let mobility = if tag == "latest" { Mobility::Floating } else { Mobility::Immutable };
            prop_assert_eq!(class.map(|class| class.mobility), Some(mobility), "{} of {}", tag, text);
        }
        let lines = scheme.lines();
        for tag in lines.tags(&BuildFacts::tag(version.as_str())).unwrap() {
            prop_assert!(TagClass::made_by(&lines, &tag).is_some());
        }
    }

    #[test]
    fn no_text_causes_a_panic(text in "(YYYY|YY|0Y|MM|0M|WW|0W|DD|0D|MICRO|\\.|-|_|é){0,6}", version in any::<String>()) {
        if let Ok(layout) = text.parse::<CalverLayout>() {
            prop_assert_eq!(layout.to_string(), text);
            let _ = layout.read(&version);
        }
    }
}
