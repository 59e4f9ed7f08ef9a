//! The fields of one entry of `images`, `tags` or `flavor`, and what stands on the two sides of `=`.

use super::{csv, error::ActionProblem, js};

/// The fields of `entry`, untrimmed.
///
/// # Errors
///
/// When the entry is no CSV, or has no field at all.
pub(super) fn fields(entry: &str) -> Result<Vec<String>, ActionProblem> {
    let fields = csv::strict(entry).map_err(|error| ActionProblem::Csv(error.message))?;
    if fields.is_empty() { Err(ActionProblem::Crash("fields is not iterable")) } else { Ok(fields) }
}

/// The key in lower case, and the value: what stands between the first and the second `=`, as the action has it for
/// images and flavors. `None` for a field without `=`.
pub(super) fn between_signs(field: &str) -> Option<(String, &str)> {
    let (key, rest) = field.split_once('=')?;
    let value = rest.split('=').next().unwrap_or_default();
    Some((js::trim(key).to_lowercase(), js::trim(value)))
}

/// The key in lower case, and the value: all that follows the first `=`. `None` for a field without `=`.
pub(super) fn after_sign(field: &str) -> Option<(String, &str)> {
    let (key, value) = field.split_once('=')?;
    Some((js::trim(key).to_lowercase(), js::trim(value)))
}
