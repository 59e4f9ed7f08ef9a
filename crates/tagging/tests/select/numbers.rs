//! What a numerical policy takes for a number: what Go's `strconv.ParseFloat` does.

use lockage_tagging::select::{FluxPolicy, SelectError};

use crate::choose;

/// Puts `text` before a numerical policy, by way of the filter, as tags cannot have a `+`.
fn select(text: &str) -> Result<String, SelectError> {
    let policy = FluxPolicy::numerical("asc").filter_tags("^only$", text.replace('$', "$$"));
    choose(&policy.selector().unwrap(), &["only"]).map(|selected| selected.value)
}

/// Whether `less` is less than `more`, whichever is listed first.
fn ordered(less: &str, more: &str) {
    for tags in [[less, more], [more, less]] {
        let selected = choose(&FluxPolicy::numerical("asc").selector().unwrap(), &tags).unwrap();
        assert_eq!(selected.candidate.tag, more, "{less} {more}");
    }
}

#[test]
fn what_is_a_number() {
    for text in [
        "0",
        "-0",
        "+1",
        "1.",
        ".5",
        "1e5",
        "1E+5",
        "1e-5",
        "0001",
        "1e-400",
        "1_000",
        "1_0.5_0e1_0",
        "0x1p0",
        "0X1P-2",
        "-0x1.8p+3",
        "0x.8p0",
        "0x_1p0",
        "0x1_fp0",
        "0x1p-2000",
        "inf",
        "+Inf",
        "-INFINITY",
        "nan",
        "NaN",
        "0x1.fffffffffffff7fffp1023",
        "0e99999999999999999999",
        "0x0p99999999999999999999",
        "1e-99999999999999999999",
    ] {
        assert_eq!(select(text).as_deref(), Ok(text));
    }
}

#[test]
fn what_is_no_number() {
    for text in [
        "",
        " 1",
        "1 ",
        "1a",
        ".",
        "e5",
        "1e",
        "1e+",
        "--1",
        "+-1",
        "1..2",
        "1.2.3",
        "0x",
        "0x1",
        "0x1.8",
        "0xp1",
        "0x.p1",
        "1p5",
        "0x1e2",
        "0b1",
        "0o7",
        "_1",
        "1_",
        "1__0",
        "1_.5",
        "1._5",
        "1_e5",
        "1e_5",
        "0_x1p0",
        "0x__1p0",
        "+_1",
        "infin",
        "+nan",
        "-nan",
        "1e309",
        "-1e309",
        "2e308",
        "0x1p1024",
        "0x1.fffffffffffff8p1023",
        "1e400000",
        "１",
        "0x1p+4294967296",
    ] {
        assert!(matches!(select(text), Err(SelectError::NotNumber { .. })), "{text:?}");
    }
}

#[test]
fn numbers_of_all_forms_are_compared() {
    for (less, more) in [
        ("9", "10"),
        ("0x1p3", "9"),
        ("7.9", "0x1p3"),
        ("0x.fp4", "0x1p4"),
        ("1e308", "inf"),
        ("1_000", "1001"),
        ("0x0.0000000000001p-1022", "1e-320"),
        ("0", "0x1p-1074"),
        // Half of the least number is zero, and a little more is the least number.
        ("0x1p-1075", "0x1.8p-1075"),
        ("1.9999", "0x1.fffffffffffff8p0"),
    ] {
        ordered(less, more);
    }
}

#[test]
fn not_a_number_gives_way_to_what_follows() {
    let selector = FluxPolicy::numerical("asc").selector().unwrap();
    let winner = |tags: &[&str]| choose(&selector, tags).unwrap().candidate.tag.to_string();
    assert_eq!(winner(&["5", "nan", "1"]), "1");
    assert_eq!(winner(&["1", "5", "nan"]), "nan");
}
