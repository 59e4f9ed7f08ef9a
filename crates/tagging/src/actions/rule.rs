//! The input `tags`: the rules that tags are made by.

use std::{fmt, sync::Arc};

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{
    attributes::Attributes, error::ActionProblem, fields::fields, js, priority::sort_by_priority, profile::Profile,
    strict::StrictProblem,
};

/// What is evaluated when the input `tags` is empty.
pub(super) const DEFAULT_RULES: [&str; 4] =
    ["type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr"];

/// A rule: its type, and its attributes with those that were left out.
///
/// Cloning is cheap: clones share one rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule(Arc<Content>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Content {
    entry: String,
    kind: RuleKind,
    attributes: Attributes,
}

impl Rule {
    /// The rule as it was written.
    pub fn entry(&self) -> &str {
        &self.0.entry
    }

    /// The type of the rule.
    pub fn kind(&self) -> RuleKind {
        self.0.kind
    }

    /// The attributes, defaults included.
    pub fn attributes(&self) -> &Attributes {
        &self.0.attributes
    }

    /// What the order of evaluation goes by: descending.
    pub fn priority(&self) -> f64 {
        js::number(self.0.attributes.text("priority"))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry())
    }
}

/// As `{"type": …, "attrs": {…}}`.
impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Rule", 2)?;
        fields.serialize_field("type", self.kind().as_str())?;
        fields.serialize_field("attrs", self.attributes())?;
        fields.end()
    }
}

/// The types of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RuleKind {
    /// A fixed name for scheduled builds.
    Schedule,
    /// Parts of a semantic version.
    Semver,
    /// Parts of a Python version.
    Pep440,
    /// What a regular expression finds.
    Match,
    /// `edge`, for one branch.
    Edge,
    /// The name of the branch or tag, or the number of the pull request.
    Ref,
    /// Whatever a template renders to.
    Raw,
    /// The commit.
    Sha,
}

impl RuleKind {
    const ALL: [Self; 8] =
        [Self::Schedule, Self::Semver, Self::Pep440, Self::Match, Self::Edge, Self::Ref, Self::Raw, Self::Sha];

    /// The type as it is written in a rule: `semver`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Semver => "semver",
            Self::Pep440 => "pep440",
            Self::Match => "match",
            Self::Edge => "edge",
            Self::Ref => "ref",
            Self::Raw => "raw",
            Self::Sha => "sha",
        }
    }

    /// The attributes that only rules of this type have.
    fn own_attributes(self) -> &'static [&'static str] {
        match self {
            Self::Schedule => &["pattern"],
            Self::Semver | Self::Pep440 => &["pattern", "value", "match"],
            Self::Match => &["pattern", "group", "value"],
            Self::Edge => &["branch"],
            Self::Ref => &["event"],
            Self::Raw => &["value"],
            Self::Sha => &["format"],
        }
    }

    fn default_priority(self) -> &'static str {
        match self {
            Self::Schedule => "1000",
            Self::Semver | Self::Pep440 => "900",
            Self::Match => "800",
            Self::Edge => "700",
            Self::Ref => "600",
            Self::Raw => "200",
            Self::Sha => "100",
        }
    }
}

/// The attributes that every rule has.
const SHARED_ATTRIBUTES: [&str; 4] = ["enable", "priority", "prefix", "suffix"];

/// The rules in the order of their evaluation.
pub(super) fn parse_rules(entries: &[String], profile: Profile) -> Result<Vec<Rule>, ActionProblem> {
    let mut rules: Vec<Rule> = if entries.is_empty() {
        DEFAULT_RULES.iter().map(|entry| parse(entry, profile)).collect::<Result<_, _>>()?
    } else {
        entries.iter().map(|entry| parse(entry, profile)).collect::<Result<_, _>>()?
    };
    sort_by_priority(&mut rules, Rule::priority);
    Ok(rules)
}

fn parse(entry: &str, profile: Profile) -> Result<Rule, ActionProblem> {
    let mut kind = None;
    let mut attributes = Attributes::default();
    for field in fields(entry)? {
        match split(&field) {
            None => attributes.set("value".to_owned(), js::trim(&field)),
            Some((key, value)) if key == "type" => {
                let known = RuleKind::ALL.into_iter().find(|kind| kind.as_str() == value);
                kind = Some(known.ok_or_else(|| ActionProblem::UnknownTagType(value.to_owned()))?);
            }
            Some((key, value)) => attributes.set(key, value),
        }
    }
    let kind = kind.unwrap_or(RuleKind::Raw);
    if profile.is_strict() {
        refuse_unknown(kind, &attributes, entry)?;
    }
    complete(kind, &mut attributes, entry)?;
    attributes.set_default("enable", "true");
    attributes.set_default("priority", kind.default_priority());
    let rule = Rule(Arc::new(Content { entry: entry.to_owned(), kind, attributes }));
    if profile.is_strict() && rule.priority().is_nan() {
        return Err(StrictProblem::Priority { entry: entry.to_owned() }.into());
    }
    Ok(rule)
}

/// The key in lower case, and the value, at the first `=` that has something before it.
fn split(field: &str) -> Option<(String, &str)> {
    let at = field.find('=').filter(|at| *at > 0)?;
    let (key, value) = field.split_at_checked(at)?;
    Some((js::trim(key).to_lowercase(), js::trim(value.strip_prefix('=')?)))
}

/// Checks what the type requires and adds what was left out.
fn complete(kind: RuleKind, attributes: &mut Attributes, entry: &str) -> Result<(), ActionProblem> {
    let require = |attributes: &Attributes, attribute: &'static str| match attributes.get(attribute) {
        Some(_) => Ok(()),
        None => Err(ActionProblem::MissingAttribute { attribute, entry: entry.to_owned() }),
    };
    match kind {
        RuleKind::Schedule => attributes.set_default("pattern", "nightly"),
        RuleKind::Semver | RuleKind::Pep440 => {
            require(attributes, "pattern")?;
            attributes.set_default("value", "");
            attributes.set_default("match", "");
        }
        RuleKind::Match => {
            require(attributes, "pattern")?;
            attributes.set_default("group", "0");
            if js::number(attributes.text("group")).is_nan() {
                return Err(ActionProblem::InvalidGroup(entry.to_owned()));
            }
            attributes.set_default("value", "");
        }
        RuleKind::Edge => attributes.set_default("branch", ""),
        RuleKind::Ref => {
            require(attributes, "event")?;
            match attributes.text("event") {
                "branch" | "tag" => {}
                "pr" => attributes.set_default("prefix", "pr-"),
                _ => return Err(ActionProblem::InvalidEvent(entry.to_owned())),
            }
        }
        RuleKind::Raw => require(attributes, "value")?,
        RuleKind::Sha => {
            attributes.set_default("prefix", "sha-");
            attributes.set_default("format", "short");
            if !matches!(attributes.text("format"), "short" | "long") {
                return Err(ActionProblem::InvalidFormat(entry.to_owned()));
            }
        }
    }
    Ok(())
}

fn refuse_unknown(kind: RuleKind, attributes: &Attributes, entry: &str) -> Result<(), StrictProblem> {
    let own = kind.own_attributes();
    match attributes.iter().find(|(name, _)| !own.contains(name) && !SHARED_ATTRIBUTES.contains(name)) {
        None => Ok(()),
        Some((name, _)) => Err(StrictProblem::UnknownAttribute {
            name: name.to_owned(),
            kind: kind.as_str(),
            known: [own, &SHARED_ATTRIBUTES].concat(),
            entry: entry.to_owned(),
        }),
    }
}
