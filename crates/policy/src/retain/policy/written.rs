//! What is written and says nothing: as what is left out it would restrict nothing, so it is refused.

use serde::{Deserialize, Deserializer};

/// Reads what is there; null is not.
pub(super) fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
