//! The names that templates can use, and what they stand for.

use std::cell::{Cell, RefCell};

use jiff::Timestamp;

use super::{
    compiled::Compiled,
    date,
    error::ActionProblem,
    facts::Facts,
    js,
    pep440::Pep440,
    semver::Semver,
    strict::StrictProblem,
    template::{Scope, TemplateError, Value},
};

/// Which names there are.
#[derive(Clone, Copy)]
pub(super) enum Extent<'v> {
    /// Those of the build.
    Build,
    /// The dates alone.
    Dates,
    /// Those of a semantic version.
    Semver(&'v Semver),
    /// Those of a Python version.
    Pep440(&'v Pep440),
}

/// What a template came to.
pub(super) struct Rendered {
    pub(super) text: String,
    /// Whether something that the template names is empty, and leaves a gap.
    pub(super) gap: bool,
}

/// Stands where something empty is put in, until the gap that it leaves has been judged. No text has this character:
/// it is none.
const NOTHING: char = '\u{ffff}';

/// Renders `compiled`.
pub(super) fn render(compiled: &Compiled, facts: &Facts<'_>, extent: Extent<'_>) -> Result<Rendered, ActionProblem> {
    let template = compiled.template.as_ref().map_err(Clone::clone)?;
    let strict = facts.profile.is_strict();
    let names = Names {
        facts,
        extent,
        marks: strict && compiled.names_only,
        failure: RefCell::new(None),
        unknown: RefCell::new(None),
        filled: Cell::new(false),
    };
    let rendered = if strict { template.render_strict(&names) } else { template.render(&names) };
    if let Some(failure) = names.failure.take() {
        return Err(failure);
    }
    if strict && let Some(name) = names.unknown.take() {
        return Err(StrictProblem::UnknownName { name, template: compiled.source.clone() }.into());
    }
    let text = rendered.map_err(|error| ActionProblem::Template(error.to_string()))?;
    if !names.marks || !text.contains(NOTHING) {
        return Ok(Rendered { text, gap: false });
    }
    let gap = has_gap(&text, names.filled.get());
    Ok(Rendered { text: text.replace(NOTHING, ""), gap })
}

/// Whether what was rendered shows that something in it is empty: only the text around it is left, or a separator has
/// nothing on one of its sides.
fn has_gap(text: &str, filled: bool) -> bool {
    let separates = |character: char| matches!(character, '-' | '_' | '.' | '/' | '+');
    let mut pieces = text.split(NOTHING).filter(|piece| !piece.is_empty()).peekable();
    if pieces.peek().is_none() {
        return false;
    }
    // Each end of the text, and each pair of pieces with something empty between them.
    let starts = text.starts_with(NOTHING) && pieces.peek().is_some_and(|piece| piece.starts_with(separates));
    let mut between = false;
    let mut last = "";
    for piece in pieces {
        between |= last.ends_with(separates) && piece.starts_with(separates);
        last = piece;
    }
    let ends = text.ends_with(NOTHING) && last.ends_with(separates);
    !filled || starts || between || ends
}

struct Names<'f> {
    facts: &'f Facts<'f>,
    extent: Extent<'f>,
    /// Whether what is empty is marked.
    marks: bool,
    failure: RefCell<Option<ActionProblem>>,
    unknown: RefCell<Option<String>>,
    filled: Cell<bool>,
}

impl Names<'_> {
    fn of_build(&self, name: &str) -> Result<Option<Value>, ActionProblem> {
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        let resolved = self.facts.resolved;
        Ok(match name {
            "branch" => text(resolved.branch().unwrap_or_default()),
            "tag" => text(resolved.git_tag().unwrap_or_default()),
            "sha" => text(self.facts.short_sha()?),
            "base_ref" => text(self.facts.base_ref()),
            "is_default_branch" => Some(self.boolean(self.facts.is_default_branch())),
            "is_not_default_branch" => Some(self.boolean(!self.facts.is_default_branch())),
            _ => None,
        })
    }

    /// The action has texts for booleans, and to a condition both are true.
    fn boolean(&self, value: bool) -> Value {
        if self.facts.profile.is_strict() { Value::Bool(value) } else { Value::Text(value.to_string()) }
    }

    /// The date that `name` stands for. `Some(None)` is one that cannot be read.
    fn instant(&self, name: &str) -> Option<Option<Timestamp>> {
        match (self.extent, name) {
            (Extent::Build | Extent::Dates, "date") => Some(Some(self.facts.now)),
            (Extent::Build | Extent::Dates, "commit_date") => Some(self.facts.resolved.commit_date),
            _ => None,
        }
    }

    /// Notes that a name stands for something, or marks that it does not.
    fn noted(&self, value: Value) -> Value {
        let empty = match &value {
            Value::Text(text) => text.is_empty(),
            Value::List(items) => items.is_empty(),
            _ => false,
        };
        if empty && self.marks {
            return Value::Text(NOTHING.to_string());
        }
        if !empty {
            self.filled.set(true);
        }
        value
    }

    /// Keeps the first failure: an error of a template has only room for its message.
    fn failed(&self, problem: ActionProblem) -> TemplateError {
        let error = TemplateError::new(problem.to_string());
        self.failure.borrow_mut().get_or_insert(problem);
        error
    }
}

impl Scope for Names<'_> {
    /// The parts of a semantic version. All else that the action has are functions, which ignore their arguments.
    fn value(&self, name: &str) -> Option<Value> {
        match self.extent {
            Extent::Semver(version) => of_semver(version, name).map(|value| self.noted(value)),
            Extent::Build | Extent::Dates | Extent::Pep440(_) => None,
        }
    }

    fn call(&self, name: &str, arguments: &[Value], hash: &[(String, Value)]) -> Option<Result<Value, TemplateError>> {
        let given = match (self.extent, self.instant(name)) {
            (_, Some(instant)) => date::shown(instant, arguments, hash, self.facts.profile).map(Value::Text).map(Some),
            (Extent::Build, None) => self.of_build(name),
            (Extent::Pep440(version), None) => Ok(of_pep440(version, name)),
            (Extent::Dates | Extent::Semver(_), None) => Ok(None),
        };
        match given {
            Ok(Some(value)) => Some(Ok(self.noted(value))),
            Ok(None) => {
                self.unknown.borrow_mut().get_or_insert_with(|| name.to_owned());
                None
            }
            Err(problem) => Some(Err(self.failed(problem))),
        }
    }
}

fn of_semver(version: &Semver, name: &str) -> Option<Value> {
    let list = |items: &[String]| Value::List(items.iter().cloned().map(Value::Text).collect());
    Some(match name {
        "raw" => Value::Text(version.raw.clone()),
        "version" => Value::Text(version.version.clone()),
        "major" => number(&version.major.to_string()),
        "minor" => number(&version.minor.to_string()),
        "patch" => number(&version.patch.to_string()),
        "prerelease" => list(&version.prerelease),
        "build" => list(&version.build),
        "loose" => Value::Bool(true),
        _ => return None,
    })
}

fn of_pep440(version: &Pep440, name: &str) -> Option<Value> {
    Some(match name {
        "raw" => Value::Text(version.raw.clone()),
        "version" => Value::Text(version.clean.clone()),
        "major" => number(&version.major),
        "minor" => number(&version.minor),
        "patch" => number(&version.patch),
        _ => return None,
    })
}

fn number(digits: &str) -> Value {
    Value::Number(js::number(digits))
}

#[cfg(test)]
mod tests {
    use super::has_gap;

    #[test]
    fn a_gap_is_a_separator_with_nothing_on_one_side() {
        let marked = |text: &str| text.replace('?', "\u{ffff}");
        for text in ["?-x", "x-?", "x-?-y", "x.?/y", "??-x", "x-??", "a?b-?-c"] {
            assert!(has_gap(&marked(text), true), "{text}");
        }
        for text in ["?", "??", "?x", "x?", "x?y", "?x--y", "x-?y", "x?-y"] {
            assert!(!has_gap(&marked(text), true), "{text}");
        }
        assert!(has_gap(&marked("v?"), false));
    }
}
