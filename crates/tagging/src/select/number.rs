//! Numbers as Go's `strconv.ParseFloat` reads them: decimal, hexadecimal, infinite and not-a-number.

/// Reads the whole of `text` as a 64-bit floating-point number.
///
/// `None` for a text that is no number, and for a number that is too large. One that is too small is zero.
pub(super) fn parse(text: &str) -> Option<f64> {
    let (negative, unsigned) = match text.strip_prefix(['+', '-']) {
        Some(unsigned) => (text.starts_with('-'), unsigned),
        None => (false, text),
    };
    let value = magnitude(unsigned, unsigned.len() < text.len())?;
    Some(if negative { -value } else { value })
}

fn magnitude(text: &str, signed: bool) -> Option<f64> {
    if text.eq_ignore_ascii_case("inf") || text.eq_ignore_ascii_case("infinity") {
        return Some(f64::INFINITY);
    }
    if text.eq_ignore_ascii_case("nan") {
        return (!signed).then_some(f64::NAN);
    }
    if !underscores_separate_digits(text) {
        return None;
    }
    let text: String = text.chars().filter(|character| *character != '_').collect();
    if text.starts_with(['+', '-']) {
        return None;
    }
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => hexadecimal(digits),
        None => decimal(&text),
    }
}

fn decimal(text: &str) -> Option<f64> {
    let plain = |character: char| character.is_ascii_digit() || matches!(character, '.' | 'e' | 'E' | '+' | '-');
    // Rust reads inf and nan as well, which have been dealt with.
    let value: f64 = text.chars().all(plain).then(|| text.parse().ok())??;
    value.is_finite().then_some(value)
}

/// The mantissa and the exponent of two behind a `0x`; the exponent is not optional.
fn hexadecimal(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (mut mantissa, mut shift, mut inexact) = (0_u64, 0_i64, false);
    for (digit, behind_point) in whole.chars().map(|digit| (digit, 0)).chain(fraction.chars().map(|digit| (digit, 4))) {
        let digit = digit.to_digit(16)?;
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
            shift -= behind_point;
        } else {
            inexact |= digit != 0;
            shift += 4 - behind_point;
        }
    }
    rounded(mantissa, inexact, shift.saturating_add(power(exponent)?))
}

/// A decimal exponent; far beyond what a number can have, it need not be exact.
fn power(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value = digits.parse::<i64>().unwrap_or(i64::MAX / 2);
    Some(if text.starts_with('-') { -value } else { value })
}

/// `mantissa` · 2^`exponent`, rounded half to even; `inexact` says that the mantissa lost digits that were not zero.
fn rounded(mantissa: u64, inexact: bool, exponent: i64) -> Option<f64> {
    const DIGITS: i64 = 53;
    const LEAST: i64 = -1022;
    if mantissa == 0 {
        return Some(0.0);
    }
    let shift = mantissa.leading_zeros();
    let mantissa = u128::from(mantissa << shift);
    let top = exponent.saturating_sub(i64::from(shift)).saturating_add(63);
    if top > 1023 {
        return None;
    }
    let kept = if top >= LEAST { DIGITS } else { DIGITS - (LEAST - top).min(DIGITS + 1) };
    if kept < 0 {
        return Some(0.0);
    }
    let dropped = u32::try_from(64 - kept).ok()?;
    let (mut quotient, rest) = (mantissa >> dropped, mantissa & ((1 << dropped) - 1));
    let half = 1_u128 << (dropped - 1);
    if rest > half || (rest == half && (inexact || quotient & 1 == 1)) {
        quotient += 1;
    }
    let biased = u64::try_from((top + 1023).max(1)).ok()?;
    // A carry out of the mantissa counts the exponent up, which is what it should do.
    let bits = (biased << 52).checked_add(u64::try_from(quotient).ok()?)?.checked_sub(1 << 52)?;
    let value = f64::from_bits(bits);
    value.is_finite().then_some(value)
}

/// Each underscore stands between two digits, or between the `0x` and a digit.
fn underscores_separate_digits(text: &str) -> bool {
    let hex = text.starts_with("0x") || text.starts_with("0X");
    let digits = if hex { text.get(2..).unwrap_or_default() } else { text };
    let is_digit = |character: char| character.is_ascii_digit() || (hex && character.is_ascii_hexdigit());
    let mut before = hex;
    let mut pending = false;
    for character in digits.chars() {
        if character == '_' {
            if !before || pending {
                return false;
            }
            pending = true;
        } else {
            let digit = is_digit(character);
            if pending && !digit {
                return false;
            }
            (before, pending) = (digit, false);
        }
    }
    !pending
}
