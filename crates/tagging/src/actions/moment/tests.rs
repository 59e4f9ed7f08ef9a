use proptest::prelude::*;

use super::*;

fn spelled(zone: &str, pattern: &str) -> String {
    format("2024-03-09T17:05:06.789Z".parse().unwrap(), zone, Some(pattern)).unwrap()
}

#[test]
fn every_token_stands_for_its_part() {
    for (pattern, text) in [
        ("YYYYYY YYYYY YYYY YY Y", "+002024 02024 2024 24 2024"),
        ("M MM Mo MMM MMMM", "3 03 3rd Mar March"),
        ("D DD Do DDD DDDD DDDo", "9 09 9th 69 069 69th"),
        ("d do dd ddd dddd e E", "6 6th Sa Sat Saturday 6 6"),
        ("w ww wo gg gggg W WW Wo GG GGGG", "10 10 10th 24 2024 10 10 10th 24 2024"),
        ("H HH h hh k kk a A", "17 17 5 05 17 17 pm PM"),
        ("hmm hmmss Hmm Hmmss", "505 50506 1705 170506"),
        ("S SS SSS SSSS SSSSSSSSS", "7 78 789 7890 789000000"),
        ("x X", "1710003906789 1710003906"),
        ("z zz Z ZZ", "UTC UTC +00:00 +0000"),
        ("Q Qo N NNNN y yo", "1 1st AD Anno Domini 2024 2024th"),
        ("L|LL|LT|LTS", "03/09/2024|March 9, 2024|5:05 PM|5:05:06 PM"),
        ("LLL|LLLL", "March 9, 2024 5:05 PM|Saturday, March 9, 2024 5:05 PM"),
        ("l|ll|lll|llll", "3/9/2024|Mar 9, 2024|Mar 9, 2024 5:05 PM|Sat, Mar 9, 2024 5:05 PM"),
    ] {
        assert_eq!(spelled("UTC", pattern), text, "{pattern}");
    }
}

#[test]
fn quoted_text_stays() {
    for (pattern, text) in [
        ("[v]YYYY.MM", "v2024.03"),
        ("YYYY[T]HH", "2024T17"),
        ("[a]b]D", "a]b9"),
        ("[D", "[9"),
        ("[]D", "9"),
        ("\\YYYY", "YYYY"),
        ("\\\\YYYY", "2024"),
        ("[L]\\LT", "LLT"),
        ("\\[D]", "[9]"),
        ("-_/:.,;é😀", "-_/:.,;é😀"),
        ("D\n\\", "9"),
    ] {
        assert_eq!(spelled("UTC", pattern), text, "{pattern}");
    }
}

#[test]
fn zones_shift_the_clock() {
    for (zone, text) in [
        ("Asia/Tokyo", "2024-03-10 02:05 +09:00 JST"),
        ("america/new_york", "2024-03-09 12:05 -05:00 EST"),
        ("America/Sao_Paulo", "2024-03-09 14:05 -03:00 -03"),
        ("Asia/Kolkata", "2024-03-09 22:35 +05:30 IST"),
        ("Europe_Berlin", "2024-03-09 18:05 +01:00 CET"),
        ("Nope/Zone", "2024-03-09 17:05 +00:00 "),
    ] {
        assert_eq!(spelled(zone, "YYYY-MM-DD HH:mm Z z"), text, "{zone}");
    }
    assert_eq!(format(Timestamp::UNIX_EPOCH, "", None), Err(ZoneError::Empty));
}

#[test]
fn without_a_format_it_is_iso_8601() {
    let instant = "2024-07-01T00:00:00Z".parse().unwrap();
    assert_eq!(format(instant, "UTC", None).unwrap(), "2024-07-01T00:00:00Z");
    assert_eq!(format(instant, "Africa/Abidjan", Some("")).unwrap(), "2024-07-01T00:00:00Z");
    assert_eq!(format(instant, "Europe/London", None).unwrap(), "2024-07-01T01:00:00+01:00");
    assert_eq!(format(instant, "Nope/X", None).unwrap(), "2024-07-01T00:00:00+00:00");
}

#[test]
fn weeks_belong_to_the_year_of_their_rule() {
    for (day, text) in [
        ("2021-01-03", "2021 2 2020 53"),
        ("2022-01-01", "2022 1 2021 52"),
        ("2023-12-31", "2024 1 2023 52"),
        ("2024-12-30", "2025 1 2025 1"),
    ] {
        let instant = format!("{day}T12:00:00Z").parse().unwrap();
        assert_eq!(format(instant, "UTC", Some("gggg w GGGG W")).unwrap(), text, "{day}");
    }
}

proptest! {
    #[test]
    fn any_format_spells_any_instant(
        seconds in Timestamp::MIN.as_second()..=Timestamp::MAX.as_second(),
        pattern in "([\\[\\]\\\\LlYMDdwWgGQNyHhkmsSaAeExXzZo| -]|.){0,12}",
        zone in prop::sample::select(vec!["UTC", "Asia/Tokyo", "America/St_Johns", "x"]),
    ) {
        prop_assert!(format(Timestamp::from_second(seconds).unwrap(), zone, Some(&pattern)).is_ok());
    }
}
