//! The documents of a project's retention policy and its immutability rules, checked as Harbor checks them, and more.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::selector::{MOST, Of};
use super::{ImmutableRule, RetentionPolicy, RetentionRule, Selector, Template};
use crate::import::node::{Node, Object, Read, json};
use crate::import::{Flaw, InvalidPolicy, System};

const MOST_RULES: usize = 15;
const MOST_IMMUTABLE_RULES: usize = 15;
/// Harbor takes fewer than this.
const MOST_COUNT: u32 = 32_766;
/// More days than these overflow in Harbor, and retain nothing.
const MOST_DAYS: u32 = 106_751;
const PROJECT: &str = "project";
/// The names under which the rules of immutability may be added.
const IMMUTABLE: [&str; 3] = ["immutable_rules", "immutable", "immutabletagrules"];

impl RetentionPolicy {
    /// Reads a retention policy as the API has it, or `{"retention": …, "immutable_rules": […]}`.
    ///
    /// # Errors
    /// Where Harbor would refuse it, and where it would take a default for a parameter without a word.
    pub fn parse(document: &[u8]) -> Result<Self, InvalidPolicy> {
        let value = json(System::Harbor, document)?;
        let root = Node::root(System::Harbor, &value);
        if !root.has("retention") {
            return policy(&root);
        }
        let object = root.object(&["retention", "immutable_rules", "immutable", "immutabletagrules"])?;
        let mut policy = policy(&object.need("retention")?)?;
        for name in IMMUTABLE {
            if let Some(list) = object.get(name)? {
                for item in list.items(MOST_IMMUTABLE_RULES)? {
                    policy.immutable.push(immutable(&item)?);
                }
            }
        }
        Ok(policy)
    }
}

fn policy(node: &Node<'_>) -> Read<RetentionPolicy> {
    let object = node.object(&["id", "algorithm", "rules", "trigger", "scope"])?;
    if let Some(id) = object.get("id")? {
        id.integer()?;
    }
    let algorithm = object.need("algorithm")?;
    if algorithm.text()? != "or" {
        return Err(algorithm.wrong("or"));
    }
    let cron = trigger(&object.need("trigger")?)?;
    let project = scope(&object.need("scope")?)?;
    let mut rules: Vec<(RetentionRule, String)> = Vec::new();
    for item in object.need("rules")?.items(MOST_RULES)? {
        let rule = rule(&item)?;
        if let Some((_, first)) = rules.iter().find(|(other, _)| *other == rule) {
            return Err(item.flaw(Flaw::Twice { first: first.clone() }));
        }
        rules.push((rule, item.place().to_owned()));
    }
    let rules = rules.into_iter().map(|(rule, _)| rule).collect();
    Ok(RetentionPolicy { rules, project, cron, immutable: Vec::new() })
}

fn trigger(node: &Node<'_>) -> Read<String> {
    let object = node.object(&["kind", "settings", "references"])?;
    let kind = object.need("kind")?;
    if kind.text()? != "Schedule" {
        return Err(kind.wrong("Schedule"));
    }
    let settings = object.need("settings")?.object(&["cron", "next_scheduled_time"])?;
    settings.need("cron")?.text().map(str::to_owned)
}

fn scope(node: &Node<'_>) -> Read<i64> {
    let object = node.object(&["level", "ref"])?;
    let level = object.need("level")?;
    if level.text()? != PROJECT {
        return Err(level.wrong(PROJECT));
    }
    let reference = object.need("ref")?;
    match reference.integer()? {
        project @ 1.. => Ok(project),
        _ => Err(reference.wrong("the number of a project")),
    }
}

fn rule(node: &Node<'_>) -> Read<RetentionRule> {
    let object = node.object(&[
        "id",
        "priority",
        "disabled",
        "action",
        "template",
        "params",
        "tag_selectors",
        "scope_selectors",
    ])?;
    numbers(&object)?;
    let action = object.need("action")?;
    if action.text()? != "retain" {
        return Err(action.wrong("retain"));
    }
    Ok(RetentionRule {
        disabled: object.flag("disabled")?,
        template: template(&object)?,
        repositories: repositories(&object)?,
        tags: tags(&object)?,
    })
}

/// What Harbor numbers its rules with says nothing.
fn numbers(object: &Object<'_>) -> Read<()> {
    for name in ["id", "priority", "project_id"] {
        if let Some(number) = object.get(name)? {
            number.integer()?;
        }
    }
    Ok(())
}

fn template(object: &Object<'_>) -> Read<Template> {
    let node = object.need("template")?;
    let (template, known, most): (fn(u32) -> Template, &'static [&'static str], _) = match node.text()? {
        "always" => {
            object.get("params")?.map(|params| params.object(&[])).transpose()?;
            return Ok(Template::Always);
        }
        "latestPushedK" => (Template::LatestPushed, &["latestPushedK"], MOST_COUNT),
        "latestPulledN" => (Template::LatestPulled, &["latestPulledN"], MOST_COUNT),
        "latestActiveK" => (Template::LatestActive, &["latestActiveK"], MOST_COUNT),
        "nDaysSinceLastPush" => (Template::PushedWithin, &["nDaysSinceLastPush"], MOST_DAYS),
        "nDaysSinceLastPull" => (Template::PulledWithin, &["nDaysSinceLastPull"], MOST_DAYS),
        "lastXDays" => (Template::PushedLater, &["lastXDays"], MOST_DAYS),
        _ => {
            let expected = "always, latestPushedK, latestPulledN, latestActiveK, nDaysSinceLastPush, nDaysSinceLastPull \
                            or lastXDays";
            return Err(node.wrong(expected));
        }
    };
    let params = object.need("params")?.object(known)?;
    let name = known.first().copied().unwrap_or_default();
    let expected = if most == MOST_COUNT { "a count of 0 to 32766" } else { "a number of days of 0 to 106751" };
    params.need(name)?.number(0, most, expected).map(template)
}

fn repositories(object: &Object<'_>) -> Read<Vec<Selector>> {
    let scopes = object.need("scope_selectors")?.object(&["repository"])?;
    let Some(list) = scopes.get("repository")? else { return Ok(Vec::new()) };
    list.items(MOST)?.iter().map(|item| Selector::read(item, Of::Repository)).collect()
}

/// At least one: without one Harbor leaves the rule out.
fn tags(object: &Object<'_>) -> Read<Vec<Selector>> {
    let list = object.need("tag_selectors")?;
    let items = list.items(MOST)?;
    if items.is_empty() {
        return Err(list.wrong("at least one selector"));
    }
    items.iter().map(|item| Selector::read(item, Of::Tag)).collect()
}

fn immutable(node: &Node<'_>) -> Read<ImmutableRule> {
    let object = node.object(&[
        "id",
        "priority",
        "project_id",
        "disabled",
        "action",
        "template",
        "params",
        "tag_selectors",
        "scope_selectors",
    ])?;
    numbers(&object)?;
    for (name, expected) in [("action", "immutable"), ("template", "immutable_template")] {
        if let Some(node) = object.get(name)?
            && node.text()? != expected
        {
            return Err(node.wrong(expected));
        }
    }
    Ok(ImmutableRule { disabled: object.flag("disabled")?, repositories: repositories(&object)?, tags: tags(&object)? })
}

impl Serialize for RetentionPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rules: Vec<_> = self.rules.iter().map(written).collect();
        let immutable: Vec<_> = self.immutable.iter().map(written_immutable).collect();
        let retention = json!({
            "algorithm": "or",
            "rules": rules,
            "trigger": { "kind": "Schedule", "settings": { "cron": self.cron } },
            "scope": { "level": PROJECT, "ref": self.project },
        });
        json!({ "retention": retention, "immutable_rules": immutable }).serialize(serializer)
    }
}

fn written(rule: &RetentionRule) -> Value {
    let template = rule.template;
    let params: Map<_, _> =
        template.parameter().map(|number| (template.name().to_owned(), number.into())).into_iter().collect();
    json!({
        "disabled": rule.disabled,
        "action": "retain",
        "template": template.name(),
        "params": params,
        "tag_selectors": selectors(&rule.tags, Of::Tag),
        "scope_selectors": { "repository": selectors(&rule.repositories, Of::Repository) },
    })
}

fn written_immutable(rule: &ImmutableRule) -> Value {
    json!({
        "disabled": rule.disabled,
        "action": "immutable",
        "template": "immutable_template",
        "tag_selectors": selectors(&rule.tags, Of::Tag),
        "scope_selectors": { "repository": selectors(&rule.repositories, Of::Repository) },
    })
}

fn selectors(selectors: &[Selector], of: Of) -> Vec<Value> {
    selectors.iter().map(|selector| selector.written(of)).collect()
}
