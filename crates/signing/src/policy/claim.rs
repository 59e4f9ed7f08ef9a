//! Claims: what a signature says beside the digest, and what is asked of it.

use serde_json::Value;

/// Whether a claim can be compared.
pub(super) fn is_scalar(value: &Value) -> bool {
    value.is_string() || value.is_number() || value.is_boolean()
}

/// Whether a signature that says `said` fulfils `asked`. Writers that know only strings write `"1"` and `"true"`.
pub(crate) fn fulfils(said: &Value, asked: &Value) -> bool {
    is_scalar(said) && is_scalar(asked) && text(said) == text(asked)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
