//! What is filled in of an argument: `{digest}`, and the like. An argument stays one argument, whatever is filled in; only
//! `{tags}` alone becomes one for each tag.

use std::collections::BTreeMap;

use lockage_promote::pipeline::step::StepContext;
use lockage_registry::Reference;

const NAMES: [&str; 9] = ["digest", "edge", "environment", "image", "plan", "reference", "repository", "tag", "tags"];

/// What a promotion has for each name.
pub(super) struct Known {
    values: BTreeMap<&'static str, String>,
    tags: Vec<String>,
}

impl Known {
    pub(super) fn of(context: &StepContext<'_>) -> Self {
        let passage = context.passage;
        let tags = passage.pins.iter().chain(&passage.floats).map(|planned| planned.tag.to_string());
        let tags: Vec<String> = tags.collect();
        let reference = Reference::new(context.repository.clone()).with_digest(context.digest().clone());
        let mut values = BTreeMap::from([
            ("digest", context.digest().to_string()),
            ("edge", passage.edge.to_string()),
            ("environment", passage.to.to_string()),
            ("image", passage.pinned.image.to_string()),
            ("plan", context.plan.to_string()),
            ("reference", reference.to_string()),
            ("repository", context.repository.to_string()),
            ("tags", tags.join(" ")),
        ]);
        // The first pin, and a float where there is none.
        values.extend(tags.first().map(|tag| ("tag", tag.clone())));
        Self { values, tags }
    }

    /// The same as variables: `LOCKAGE_DIGEST`, and so on; `LOCKAGE_COMMIT` and `LOCKAGE_VERSION` where they are known, which
    /// come from labels and are no arguments therefore.
    pub(super) fn variables(&self, context: &StepContext<'_>) -> Vec<(String, String)> {
        let facts = &context.passage.pinned.facts;
        let others = [
            ("actor", Some(context.actor.to_owned())),
            ("commit", facts.commit.clone()),
            ("from", Some(context.passage.from.to_string())),
            ("moment", Some(context.moment.to_string())),
            ("version", facts.version.clone()),
        ];
        let others = others.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let all = self.values.iter().map(|(name, value)| (*name, value.clone())).chain(others);
        all.map(|(name, value)| (format!("LOCKAGE_{}", name.to_uppercase()), value)).collect()
    }

    /// An argument, filled in.
    pub(super) fn filled(&self, argument: &str) -> Result<Vec<String>, String> {
        if argument == "{tags}" {
            return Ok(self.tags.clone());
        }
        let mut text = String::new();
        for piece in pieces(argument) {
            match piece {
                Piece::Text(plain) => text += plain,
                Piece::Name(name) => {
                    let value = self.values.get(name);
                    text += value.ok_or_else(|| format!("{{{name}}} is not known of this promotion"))?;
                }
            }
        }
        Ok(vec![text])
    }
}

/// What is wrong with an argument, whatever would be filled in.
pub(super) fn judge(argument: &str) -> Result<(), String> {
    if argument.contains('\0') {
        return Err("an argument has a zero byte".to_owned());
    }
    let names = pieces(argument).into_iter().filter_map(|piece| match piece {
        Piece::Name(name) => Some(name),
        Piece::Text(_) => None,
    });
    for name in names {
        match name {
            "tags" if argument != "{tags}" => {
                return Err(format!("{argument:?}: {{tags}} is one argument for each tag, and stands alone"));
            }
            known if NAMES.contains(&known) => {}
            other => return Err(format!("{argument:?}: {{{other}}} is nothing that is filled in")),
        }
    }
    Ok(())
}

/// The names that can be filled in, to be told.
pub(super) fn names() -> String {
    NAMES.map(|name| format!("{{{name}}}")).join(", ")
}

enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// `{name}` of small letters is filled in; all other braces are what they are, such as those of `{.status.phase}` or JSON.
fn pieces(argument: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = argument;
    while let Some((before, behind)) = rest.split_once('{') {
        let name = behind.split_once('}').filter(|(name, _)| is_name(name));
        match name {
            Some((name, after)) => {
                pieces.push(Piece::Text(before));
                pieces.push(Piece::Name(name));
                rest = after;
            }
            None => {
                let until = before.len() + 1;
                let (text, after) = rest.split_at(until);
                pieces.push(Piece::Text(text));
                rest = after;
            }
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(tags: &[&str]) -> Known {
        let values = BTreeMap::from([("digest", "sha256:00".to_owned()), ("image", "a b; rm".to_owned())]);
        Known { values, tags: tags.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn an_argument_stays_one_argument() {
        let known = known(&["v1", "prod"]);
        for (argument, filled) in [
            ("{digest}", &["sha256:00"][..]),
            ("--set=image.digest={digest}", &["--set=image.digest=sha256:00"]),
            ("{image}", &["a b; rm"]),
            ("{tags}", &["v1", "prod"]),
            ("jsonpath={.status.phase}", &["jsonpath={.status.phase}"]),
            (r#"{"a":{"b":"{digest}"}}"#, &[r#"{"a":{"b":"sha256:00"}}"#]),
            ("{", &["{"]),
            ("", &[""]),
        ] {
            assert_eq!(known.filled(argument), Ok(filled.iter().map(ToString::to_string).collect()), "{argument}");
        }
        assert!(known.filled("{tag}").is_err(), "what is not known is not nothing");
    }

    #[test]
    fn what_is_not_filled_in_is_told_when_the_document_is_read() {
        for good in ["{digest}", "{tags}", "x{tag}y", "{.x}", "{}", "$(date)"] {
            assert_eq!(judge(good), Ok(()), "{good}");
        }
        for bad in ["{digset}", "--tags={tags}", "a{b}{digest}", "a\0"] {
            assert!(judge(bad).is_err(), "{bad}");
        }
    }
}
