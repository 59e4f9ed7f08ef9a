//! Numbers that must not become others while they are read.

use serde_json::Value;

/// A number in decimal: its sign, its digits without zeros at either end, and the power of ten of the last.
type Decimal = (bool, String, i64);

/// Whether serde_json can hold the number that `token` spells.
pub(super) fn check(token: &str) -> Result<(), String> {
    let read: Value = serde_json::from_str(token).map_err(|error| format!("the number {token}: {error}"))?;
    match decimal(token) == decimal(&read.to_string()) {
        true => Ok(()),
        false => Err(format!("the number {token} would be read as {read}")),
    }
}

fn decimal(token: &str) -> Option<Decimal> {
    let (negative, token) = token.strip_prefix('-').map_or((false, token), |rest| (true, rest));
    let (mantissa, exponent) = token.split_once(['e', 'E']).unwrap_or((token, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some((false, String::new(), 0));
    }
    let exponent: i64 = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    let last = exponent.checked_add(zeros)?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    Some((negative, significant.to_owned(), last))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn numbers_that_are_kept_pass_and_others_do_not() {
        let kept = [
            "0",
            "-0",
            "0.0",
            "1",
            "-1",
            "1.50",
            "1e3",
            "1.5E+2",
            "100e-2",
            "0.1",
            "1795257243",
            "9007199254740993",
            "18446744073709551615",
            "-9223372036854775808",
            "1e300",
            "0e99999999999",
        ];
        let changed = [
            "18446744073709551616",
            "-9223372036854775809",
            "123456789012345678901234567890",
            "1.00000000000000000001",
            "1e400",
            "-1e400",
            "1e-400",
            "0.1000000000000000055511151231257827",
        ];
        assert_eq!(kept.into_iter().filter(|token| check(token).is_err()).collect::<Vec<_>>(), [""; 0]);
        assert_eq!(changed.into_iter().filter(|token| check(token).is_ok()).collect::<Vec<_>>(), [""; 0]);
    }
}
