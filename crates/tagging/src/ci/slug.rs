//! Slugs: what a name in git becomes where only few characters are allowed.

use crate::excerpt::quoted;
use crate::{DigestTag, SchemeError, Tag};

/// What GitLab makes of a branch or tag in `CI_COMMIT_REF_SLUG`: lower case, everything but `a` to `z` and `0` to `9`
/// as `-`, cut to 63 characters, without `-` at either end.
///
/// It is made for host names, so `v1.2.3` becomes `v1-2-3`. [`tag_slug`] keeps what a tag may have. The result is empty
/// when nothing is left.
///
/// ```
/// use lockage_tagging::ci::gitlab_ref_slug;
///
/// assert_eq!(gitlab_ref_slug("Feature/v1.2.3_"), "feature-v1-2-3");
/// ```
pub fn gitlab_ref_slug(name: &str) -> String {
    let legal = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    let slug: String = name.to_lowercase().chars().map(legal).take(63).collect();
    slug.trim_matches('-').to_owned()
}

/// The tag that comes closest to a branch or tag in git: each run of characters that cannot stand in a tag becomes one
/// `-`, and `.` and `-` at the start and `-` at the end are left out. Dots and the case of letters stay.
///
/// ```
/// use lockage_tagging::ci::tag_slug;
///
/// assert_eq!(tag_slug("release/v1.2.3")?, "release-v1.2.3");
/// assert_eq!(tag_slug("fix: (#42)")?, "fix-42");
/// # Ok::<(), lockage_tagging::SchemeError>(())
/// ```
///
/// # Errors
///
/// [`SchemeError::Unmappable`] when nothing is left, and [`SchemeError::Reserved`] when it would become a
/// [`DigestTag`](crate::DigestTag).
pub fn tag_slug(name: &str) -> Result<Tag, SchemeError> {
    let mut slug = String::new();
    for character in name.chars() {
        let character = if Tag::allows(character) { character } else { '-' };
        if character != '-' || !slug.ends_with('-') {
            slug.push(character);
        }
    }
    // Every character of a slug is one byte long.
    let start = slug.trim_start_matches(['.', '-']);
    let slug = start.get(..Tag::LIMIT).unwrap_or(start).trim_end_matches('-');
    if slug.is_empty() {
        return Err(SchemeError::Unmappable { name: quoted(name) });
    }
    let tag: Tag = slug.parse()?;
    match DigestTag::parse(&tag) {
        Some(_) => Err(SchemeError::Reserved { name: quoted(name) }),
        None => Ok(tag),
    }
}
