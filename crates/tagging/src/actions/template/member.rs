//! What can be named of a value.

use super::value::Value;

/// The part `name` of `value`: an item by its index, or the length.
pub(super) fn member(value: &Value, name: &str) -> Value {
    let index = || name.parse::<usize>().ok().filter(|index| index.to_string() == name);
    match value {
        Value::List(items) if name == "length" => count(items.len()),
        Value::List(items) => index().and_then(|index| items.get(index)).cloned().unwrap_or(Value::Undefined),
        Value::Text(text) if name == "length" => count(text.encode_utf16().count()),
        Value::Text(text) => match index().and_then(|index| text.encode_utf16().nth(index)) {
            Some(unit) => Value::Text(String::from_utf16_lossy(&[unit])),
            None => Value::Undefined,
        },
        _ => Value::Undefined,
    }
}

/// A count as a number: none that fits into memory is too large for it.
pub(super) fn count(count: usize) -> Value {
    Value::Number(u32::try_from(count).map_or(f64::INFINITY, f64::from))
}
