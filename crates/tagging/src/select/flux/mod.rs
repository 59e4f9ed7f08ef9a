//! The specification of a Flux `ImagePolicy`, with the names of its fields.

use serde::{Deserialize, Serialize};

use super::error::SelectError;

mod order;
pub(super) mod reflection;
pub(super) mod selector;

use reflection::ReflectionPolicy;
use selector::FluxSelector;

/// The `spec` of an `ImagePolicy` of `image.toolkit.fluxcd.io`.
///
/// Through serde it reads and writes what stands under `spec`. A field that Flux does not have is an error.
///
/// ```
/// use lockage_tagging::select::{Candidate, FluxPolicy, Selector};
///
/// let policy: FluxPolicy = serde_json::from_str(
///     r#"{"imageRepositoryRef": {"name": "podinfo"}, "policy": {"semver": {"range": ">=1.0.0"}}}"#,
/// )?;
/// let tags = Candidate::list(["1.0.0", "2.1.0", "2.2.0-rc.1", "latest"])?;
/// assert_eq!(policy.selector()?.select(&tags)?.candidate.tag, "2.1.0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct FluxPolicy {
    /// The repository whose tags are the candidates. It is kept; the list of tags is the caller's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_repository_ref: Option<RepositoryRef>,
    /// The rule.
    pub policy: PolicyChoice,
    /// What to do with the tags before the rule sees them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_tags: Option<TagFilter>,
    /// Whether what is chosen is pinned to its digest.
    #[serde(default)]
    pub digest_reflection_policy: ReflectionPolicy,
    /// How often `Always` looks the digest up, such as `10m`. It is kept, and not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// Whether Flux leaves the policy alone at present. It is kept, and does not change what is selected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// An `ImageRepository` of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepositoryRef {
    /// Its name.
    pub name: String,
    /// Its namespace, where it is not that of the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// One of three rules. Where several are set, Flux takes the first of them, in the order in which they stand here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PolicyChoice {
    /// The highest version in a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semver: Option<SemVerPolicy>,
    /// The last one by the alphabet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alphabetical: Option<AlphabeticalPolicy>,
    /// The greatest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerical: Option<NumericalPolicy>,
}

/// The highest version in a range.
///
/// A tag is a version when it is a whole one, `1.2.3` or `v1.2.3`. Others are passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SemVerPolicy {
    /// A [`Constraint`](super::Constraint).
    pub range: String,
}

/// The last one when the tags are sorted by their bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlphabeticalPolicy {
    /// `asc`, which selects the greatest, or `desc`, which selects the least. Empty means `asc`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub order: String,
}

/// The last one when the tags are sorted as numbers.
///
/// Numbers are what Go's `strconv.ParseFloat` reads: `12`, `-1.5e3`, `0x1p4`, `1_000`, `inf`. A single tag that is
/// none fails the whole selection. They are compared as 64-bit floating-point numbers, so whole numbers are told apart
/// up to 2^53.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumericalPolicy {
    /// `asc`, which selects the greatest, or `desc`, which selects the least. Empty means `asc`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub order: String,
}

/// Which tags are candidates, and what of them is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagFilter {
    /// A regular expression, not anchored. Empty matches every tag.
    #[serde(default)]
    pub pattern: String,
    /// A template over the groups of the pattern: `$name`, `${name}`, `$1`. Empty means the tag.
    ///
    /// Where the same text comes of several tags, the last of them in the list takes its place.
    #[serde(default)]
    pub extract: String,
}

impl FluxPolicy {
    /// The policy with one rule, without a filter, that pins nothing.
    pub fn new(policy: PolicyChoice) -> Self {
        Self { policy, ..Self::default() }
    }

    /// The highest version in `range`.
    pub fn semver(range: impl Into<String>) -> Self {
        Self::new(PolicyChoice { semver: Some(SemVerPolicy { range: range.into() }), ..PolicyChoice::default() })
    }

    /// The last one by the alphabet; `order` is `asc` or `desc`.
    pub fn alphabetical(order: impl Into<String>) -> Self {
        let alphabetical = Some(AlphabeticalPolicy { order: order.into() });
        Self::new(PolicyChoice { alphabetical, ..PolicyChoice::default() })
    }

    /// The greatest or the least number; `order` is `asc` or `desc`.
    pub fn numerical(order: impl Into<String>) -> Self {
        Self::new(PolicyChoice { numerical: Some(NumericalPolicy { order: order.into() }), ..PolicyChoice::default() })
    }

    /// Sets [the filter](Self#structfield.filter_tags).
    #[must_use]
    pub fn filter_tags(self, pattern: impl Into<String>, extract: impl Into<String>) -> Self {
        Self { filter_tags: Some(TagFilter { pattern: pattern.into(), extract: extract.into() }), ..self }
    }

    /// The selector that the policy describes.
    ///
    /// # Errors
    ///
    /// When Flux would not act on the policy: no rule, a range, order or expression that cannot be read, an interval
    /// without `Always` or the other way round. An expression can also be one that is [refused here](super).
    pub fn selector(&self) -> Result<FluxSelector, SelectError> {
        FluxSelector::new(self)
    }
}
