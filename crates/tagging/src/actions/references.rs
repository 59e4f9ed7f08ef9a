//! The tags that a version comes to, and the references that they make with images.

use super::{
    compiled::{Compiled, CompiledFlavor},
    error::ActionProblem,
    facts::Facts,
    scope::{Extent, render},
    version::{Version, sanitize, tag_of},
};

/// The main tag, the others, and `latest`. Nothing without a main tag.
pub(super) fn tag_names(
    version: &Version,
    flavor: &CompiledFlavor,
    facts: &Facts<'_>,
) -> Result<Vec<String>, ActionProblem> {
    let Some(main) = version.main.clone() else {
        return Ok(Vec::new());
    };
    let mut names = vec![main];
    names.extend(version.partial.iter().cloned());
    if version.latest {
        let latest =
            if facts.profile.is_strict() { rendered_latest(flavor, facts)? } else { Some(plain_latest(flavor)) };
        names.extend(latest);
    }
    if facts.profile.is_strict() {
        let mut seen = Vec::with_capacity(names.len());
        for name in names {
            if !seen.contains(&name) {
                seen.push(name);
            }
        }
        return Ok(seen);
    }
    Ok(names)
}

/// `latest` with the flavor's prefix and suffix as they are written.
fn plain_latest(flavor: &CompiledFlavor) -> String {
    let flavor = &flavor.flavor;
    let prefix = if flavor.prefix_latest { flavor.prefix.as_str() } else { "" };
    let suffix = if flavor.suffix_latest { flavor.suffix.as_str() } else { "" };
    sanitize(&format!("{prefix}latest{suffix}"))
}

/// `latest` with the flavor's prefix and suffix rendered. `None` when one of them has a gap.
fn rendered_latest(flavor: &CompiledFlavor, facts: &Facts<'_>) -> Result<Option<String>, ActionProblem> {
    let affix = |on: bool, affix: &Option<Compiled>| match affix.as_ref().filter(|_| on) {
        None => Ok(Some(String::new())),
        Some(affix) => render(affix, facts, Extent::Build).map(|rendered| (!rendered.gap).then_some(rendered.text)),
    };
    let prefix = affix(flavor.flavor.prefix_latest, &flavor.prefix)?;
    let suffix = affix(flavor.flavor.suffix_latest, &flavor.suffix)?;
    let (Some(prefix), Some(suffix)) = (prefix, suffix) else {
        return Ok(None);
    };
    let tag = tag_of(&format!("{prefix}latest{suffix}"), "latest", facts.profile)?;
    Ok(Some(tag).filter(|tag| !tag.is_empty()))
}

/// A reference for every image and tag, image by image. Without any image, the tags alone.
pub(super) fn references(images: &[String], tags: &[String]) -> Vec<String> {
    if images.is_empty() {
        return tags.to_vec();
    }
    let of_image = |image: &String| {
        let prefix = if image.is_empty() { String::new() } else { format!("{image}:") };
        tags.iter().map(move |tag| format!("{prefix}{tag}"))
    };
    images.iter().flat_map(of_image).collect()
}
