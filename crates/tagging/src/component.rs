//! Parts of one repository that are released apart: `app-v1.2.3`, `app/v1.2.3`, `app@1.2.3`.

/// What can stand between a component and its version, in git and in a registry.
const SEPARATORS: [char; 4] = ['/', '-', '_', '@'];

/// `text` without the component and the separator, when it is a version of exactly this `component`.
///
/// `app-v1.2.3` is no version of `my-app`, and `my-app-v1.2.3` none of `app`: what follows has to be a version, or one of
/// the floating tags of a version.
pub(crate) fn strip<'a>(text: &'a str, component: &str) -> Option<&'a str> {
    text.strip_prefix(component)?.strip_prefix(SEPARATORS)
}
