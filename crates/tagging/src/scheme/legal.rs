//! From names in git, where nearly everything is allowed, to legal tags.

use crate::{DigestTag, SchemeError, Tag, excerpt::quoted};

/// The tag that comes closest to `name`.
///
/// Characters that cannot stand in a tag become `-`, a `.` or `-` at the start is left out, and
/// what goes beyond 128 characters is cut off. Different names can come to the same tag:
/// `feature/x` and `feature-x` do.
pub(crate) fn legal_tag(name: &str) -> Result<Tag, SchemeError> {
    let text: String = name
        .chars()
        .map(|character| if Tag::allows(character) { character } else { '-' })
        .skip_while(|character| !Tag::allows_first(*character))
        .take(Tag::LIMIT)
        .collect();
    if text.is_empty() {
        return Err(SchemeError::Unmappable { name: quoted(name) });
    }
    unreserved(text.parse()?).map_err(|_| SchemeError::Reserved { name: quoted(name) })
}

/// `tag`, unless it speaks about a digest, which is not for schemes to say.
pub(crate) fn unreserved(tag: Tag) -> Result<Tag, SchemeError> {
    match DigestTag::parse(&tag) {
        Some(_) => Err(SchemeError::Reserved { name: quoted(tag.as_str()) }),
        None => Ok(tag),
    }
}
