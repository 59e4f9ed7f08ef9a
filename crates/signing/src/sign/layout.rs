//! `Layout`: where signatures are kept.

use serde::Serialize;

/// Which of cosign's two layouts is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "cosign has these two")]
pub enum Layout {
    /// Both, so that every reader finds it.
    #[default]
    Both,
    /// Layers under the tags `sha256-<hex>.sig` and `.att`: cosign 1 and 2, podman, skopeo, and most admission controllers.
    Legacy,
    /// Sigstore bundles that refer to the image: cosign 3.
    Bundle,
}
