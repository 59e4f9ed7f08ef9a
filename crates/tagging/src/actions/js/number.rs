//! Numbers from text, and text from numbers.

use super::trim;

/// `Number(text)`: NaN when the text is none, 0 when it is blank.
pub(crate) fn number(text: &str) -> f64 {
    let text = trim(text);
    match text {
        "" => return 0.0,
        "Infinity" | "+Infinity" => return f64::INFINITY,
        "-Infinity" => return f64::NEG_INFINITY,
        _ => {}
    }
    for (prefixes, radix) in [(["0x", "0X"], 16), (["0o", "0O"], 8), (["0b", "0B"], 2)] {
        if let Some(digits) = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)) {
            return whole(digits, radix);
        }
    }
    // Rust reads the same decimals, and a few words more.
    let decimal = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    if text.bytes().all(decimal) { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

fn whole(digits: &str, radix: u32) -> f64 {
    if digits.is_empty() {
        return f64::NAN;
    }
    let mut value = 0.0;
    for character in digits.chars() {
        let Some(digit) = character.to_digit(radix) else {
            return f64::NAN;
        };
        value = value * f64::from(radix) + f64::from(digit);
    }
    value
}

/// `String(number)`.
pub(crate) fn display(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if number == 0.0 {
        return "0".to_owned();
    }
    let size = number.abs();
    if (1e-6..1e21).contains(&size) {
        return number.to_string();
    }
    let scientific = format!("{number:e}");
    if size < 1.0 { scientific } else { scientific.replacen('e', "e+", 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_count_as_in_javascript() {
        for (text, value) in [
            ("", 0.0),
            (" \u{feff}9\n", 9.0),
            ("1e1", 10.0),
            ("0x0a", 10.0),
            ("0b11", 3.0),
            ("0O17", 15.0),
            ("+.5", 0.5),
            ("-5.", -5.0),
            ("-Infinity", f64::NEG_INFINITY),
        ] {
            assert_eq!(number(text), value, "{text:?}");
        }
        for text in ["10abc", "-0x1", "0x", "inf", "nan", "infinity", "1_0", ".", "1e", "\u{85}1", "1 2"] {
            assert!(number(text).is_nan(), "{text:?}");
        }
    }

    #[test]
    fn numbers_are_spelled_as_in_javascript() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.5, "1.5"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1e-6, "0.000001"),
            (1.5e-7, "1.5e-7"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(display(value), text);
        }
    }
}
