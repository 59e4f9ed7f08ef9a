//! How closely the quirks of the action are kept.

/// Which of the two behaviours computes the metadata.
///
/// | | [`Strict`](Self::Strict) | [`Compatible`](Self::Compatible) |
/// |---|---|---|
/// | `.` or `-` at the start of a tag | left out, with a warning | kept: the reference is invalid |
/// | more than 128 characters | an error | kept: the reference is invalid |
/// | `prefix={{branch}}-` on a git tag | the rule gives no tag | the tag begins with `-` |
/// | a tag that two rules give, `latest` included | listed once | listed as often as it is given |
/// | `{{branch}}` with a `&` | `&`, then `-` in a tag | `&amp;`, then `-amp-` in a tag |
/// | `{{#if is_default_branch}}` | decides | always true |
/// | blank and indented comment lines | ignored | an error, or an entry |
/// | `"pattern=\d{1,3}"` in an input | one attribute | split at the comma |
/// | unknown attribute, template name or time zone | an error | ignored, or UTC |
/// | flavor on the generated `latest` | rendered | taken as text |
/// | image names | checked, listed once | only lowered |
/// | a value of several lines | whole everywhere | cut in JSON and bake files |
/// | `priority=abc`, an annotation level that does not exist | an error | kept |
///
/// What is no quirk is the same in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Never an invalid tag, and a mistake is an error.
    #[default]
    Strict,

    /// What `docker/metadata-action` does, to the byte.
    Compatible,
}

impl Profile {
    pub(crate) fn is_strict(self) -> bool {
        self == Self::Strict
    }
}
