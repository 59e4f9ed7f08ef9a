//! The images that YAML deploys, line by line: files of many documents, and templates, which are no YAML, are read too.

/// Line and text of each.
pub(super) fn deployed(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut lines = (1..).zip(text.lines()).peekable();
    while let Some((number, line)) = lines.next() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        for (key, rest) in keys(line) {
            let value = value(rest);
            match (key, value) {
                // Kustomize: the tag that an image is given.
                ("newTag", Some(tag)) => found.push((number, tag)),
                ("image", Some(block)) if matches!(block.as_str(), ">" | ">-" | "|" | "|-") => {
                    let next = lines.peek().map(|(number, next)| (*number, next.trim().to_owned()));
                    found.extend(next);
                }
                ("image", Some(image)) => found.push((number, image)),
                // `image:` with keys below it: Helm's values say `tag:` there.
                ("image", None) => {
                    let indent = indent_of(line);
                    let below =
                        lines.clone().take_while(|(_, next)| next.trim().is_empty() || indent_of(next) > indent);
                    let block: Vec<(usize, &str)> = below.collect();
                    let has_digest = block.iter().any(|(_, next)| is_set(next, "digest"));
                    let tags = block.iter().filter(|(_, next)| is_set(next, "tag"));
                    if !has_digest {
                        found.extend(tags.filter_map(|(number, next)| {
                            let (_, rest) = next.split_once(':')?;
                            Some((*number, self::value(rest)?))
                        }));
                    }
                }
                _ => {}
            }
        }
    }
    found
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '-']).len()
}

fn is_set(line: &str, key: &str) -> bool {
    let rest = line.trim_start().strip_prefix(key).and_then(|rest| rest.strip_prefix(':'));
    rest.and_then(value).is_some_and(|value| !value.is_empty())
}

/// Every `image:` and `newTag:` of a line, and what stands behind it; more than one where it is JSON or in flow style.
fn keys(line: &str) -> Vec<(&'static str, &str)> {
    let mut found = Vec::new();
    for key in ["image", "newTag"] {
        for (at, _) in line.match_indices(key) {
            let (before, behind) = (line.get(..at).unwrap_or_default(), line.get(at + key.len()..).unwrap_or_default());
            let begins = before.chars().next_back().is_none_or(|c| " \t{,-\"'".contains(c));
            // A comment, or the middle of a text, has no keys.
            let in_comment = before.contains(" #");
            let behind = behind.trim_start_matches(['"', '\'']).trim_start();
            if let Some(rest) = behind.strip_prefix(':').filter(|_| begins && !in_comment)
                && (rest.is_empty() || rest.starts_with([' ', '\t', '"', '\'']))
            {
                found.push((key, rest));
            }
        }
    }
    found
}

/// The scalar at the start of `rest`; `None` where there is none.
fn value(rest: &str) -> Option<String> {
    let rest = rest.trim_start();
    for quote in ['"', '\''] {
        if let Some(quoted) = rest.strip_prefix(quote) {
            return Some(quoted.split(quote).next().unwrap_or_default().to_owned());
        }
    }
    // A template may have spaces and braces of its own.
    if rest.contains("{{") || rest.contains("${") {
        return Some(rest.split(" #").next().unwrap_or_default().trim_end().trim_end_matches(',').to_owned());
    }
    let plain = rest.split([' ', '\t', ',', '}']).next().unwrap_or_default();
    // Anchors and tags of YAML stand before the scalar.
    if plain.starts_with(['&', '!']) {
        return value(rest.get(plain.len()..).unwrap_or_default());
    }
    (!plain.is_empty() && !plain.starts_with(['#', '{', '[', '*'])).then(|| plain.to_owned())
}
