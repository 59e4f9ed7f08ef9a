//! What is prepared once for many evaluations: templates and regular expressions.

use super::{
    error::ActionProblem,
    flavor::Flavor,
    image::{Image, enabled_names},
    inputs::Inputs,
    js::{Regex, RegexError},
    profile::Profile,
    rule::{Rule, RuleKind},
    template::Template,
};

/// A template that has been read. An error of it shows only when it is rendered, as in the action.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) source: String,
    pub(super) template: Result<Template, ActionProblem>,
    /// Whether the template is texts and names. A condition says itself what stands for something empty, and a length
    /// is never empty.
    pub(super) names_only: bool,
}

impl Compiled {
    pub(super) fn new(source: &str) -> Self {
        let template = Template::parse(source).map_err(|error| ActionProblem::Template(error.to_string()));
        let names_only = !["{{#", "{{^", "{{~#", "{{~^", "length"].iter().any(|part| source.contains(part));
        Self { source: source.to_owned(), template, names_only }
    }
}

/// A rule with all that it needs.
#[derive(Clone, Debug)]
pub(super) struct CompiledRule {
    pub(super) rule: Rule,
    pub(super) enable: Compiled,
    /// The attribute `value`, if it is not empty, of the types that render it.
    pub(super) value: Option<Compiled>,
    /// The attribute `pattern` of the types that render it.
    pub(super) pattern: Option<Compiled>,
    /// The attribute that is a regular expression, if it is not empty.
    pub(super) search: Option<Search>,
    pub(super) prefix: Option<Compiled>,
    pub(super) suffix: Option<Compiled>,
}

/// A regular expression that has been read. An error of it shows only when it is searched for, as in the action.
#[derive(Clone, Debug)]
pub(super) struct Search {
    pub(super) source: String,
    pub(super) regex: Result<Regex, ActionProblem>,
}

impl CompiledRule {
    fn new(rule: Rule, flavor: &CompiledFlavor) -> Self {
        let attributes = rule.attributes();
        let compiled = |name: &str| attributes.get(name).map(Compiled::new);
        let not_empty = |name: &str| attributes.get(name).filter(|text| !text.is_empty());
        let kind = rule.kind();
        Self {
            enable: Compiled::new(attributes.text("enable")),
            value: match kind {
                RuleKind::Raw => compiled("value"),
                RuleKind::Semver | RuleKind::Pep440 | RuleKind::Match => not_empty("value").map(Compiled::new),
                _ => None,
            },
            pattern: match kind {
                RuleKind::Schedule | RuleKind::Semver | RuleKind::Pep440 => compiled("pattern"),
                _ => None,
            },
            search: match kind {
                RuleKind::Semver | RuleKind::Pep440 => {
                    not_empty("match").map(|source| Search::new(source, |source| Regex::parse(source, "")))
                }
                RuleKind::Match => attributes.get("pattern").map(|source| Search::new(source, Regex::delimited)),
                _ => None,
            },
            prefix: compiled("prefix").or_else(|| flavor.prefix.clone()),
            suffix: compiled("suffix").or_else(|| flavor.suffix.clone()),
            rule,
        }
    }
}

impl Search {
    fn new(source: &str, read: impl FnOnce(&str) -> Result<Regex, RegexError>) -> Self {
        let regex = read(source).map_err(|error| ActionProblem::Regex(error.to_string()));
        Self { source: source.to_owned(), regex }
    }
}

/// A flavor with its templates, those that are not empty.
#[derive(Clone, Debug)]
pub(super) struct CompiledFlavor {
    pub(super) flavor: Flavor,
    pub(super) prefix: Option<Compiled>,
    pub(super) suffix: Option<Compiled>,
}

impl CompiledFlavor {
    fn new(flavor: Flavor) -> Self {
        let compiled = |text: &str| (!text.is_empty()).then(|| Compiled::new(text));
        Self { prefix: compiled(&flavor.prefix), suffix: compiled(&flavor.suffix), flavor }
    }
}

/// All that an action needs to be evaluated.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) inputs: Inputs,
    pub(super) image_names: Vec<String>,
    pub(super) rules: Vec<CompiledRule>,
    pub(super) flavor: CompiledFlavor,
    pub(super) labels: Vec<Compiled>,
    pub(super) annotations: Vec<Compiled>,
}

impl Plan {
    pub(super) fn new(inputs: Inputs, images: &[Image], rules: Vec<Rule>, flavor: Flavor, profile: Profile) -> Self {
        let flavor = CompiledFlavor::new(flavor);
        let templates = |entries: &[String]| entries.iter().map(|entry| Compiled::new(entry)).collect();
        Self {
            image_names: enabled_names(images, profile),
            rules: rules.into_iter().map(|rule| CompiledRule::new(rule, &flavor)).collect(),
            labels: templates(&inputs.labels),
            annotations: templates(&inputs.annotations),
            flavor,
            inputs,
        }
    }
}
