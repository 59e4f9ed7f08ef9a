//! The document of cleanup policies: the file that `gcloud` takes, or the members of a repository in the API.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::{Action, Age, CleanupPolicies, CleanupPolicy, Condition, Criteria, MostRecentVersions, TagState};
use crate::import::node::{Node, Object, Read, json};
use crate::import::{Flaw, InvalidPolicy, System};

const MOST_POLICIES: usize = 10;
const LONGEST_NAME: usize = 128;
const MOST_PREFIXES: usize = 1_000;

impl CleanupPolicies {
    /// Reads a list of policies, `{"cleanupPolicies": …, "cleanupPolicyDryRun": …}` with a list or a map of them, or such a
    /// map alone; and a repository with such members, as `gcloud artifacts repositories describe` prints it.
    ///
    /// # Errors
    /// Where the API would refuse it: more than ten policies, two of one name, a policy without anything to match by or with
    /// both ways of it, one that deletes the most recent versions, a member or a word that is not known.
    pub fn parse(document: &[u8]) -> Result<Self, InvalidPolicy> {
        let value = json(System::Gar, document)?;
        let root = Node::root(System::Gar, &value);
        if root.is_list() || !(root.has("cleanupPolicies") || root.has("cleanupPolicyDryRun")) {
            return Ok(Self { policies: policies(&root)?, dry_run: false });
        }
        let is_repository = root.has("name") && root.has("format");
        let object =
            if is_repository { root.open()? } else { root.object(&["cleanupPolicies", "cleanupPolicyDryRun"])? };
        Ok(Self { policies: policies(&object.need("cleanupPolicies")?)?, dry_run: object.flag("cleanupPolicyDryRun")? })
    }
}

fn policies(node: &Node<'_>) -> Read<Vec<CleanupPolicy>> {
    let mut policies: Vec<(CleanupPolicy, String)> = Vec::new();
    let entries: Vec<(Option<&str>, Node<'_>)> = if node.is_list() {
        node.items(MOST_POLICIES)?.into_iter().map(|item| (None, item)).collect()
    } else {
        node.entries()?.into_iter().map(|(id, item)| (Some(id), item)).collect()
    };
    if entries.len() > MOST_POLICIES {
        return Err(node.flaw(Flaw::TooMany { most: MOST_POLICIES, found: entries.len() }));
    }
    for (id, item) in entries {
        let policy = policy(id, &item)?;
        if let Some((_, first)) = policies.iter().find(|(other, _)| other.name == policy.name) {
            return Err(item.flaw(Flaw::Twice { first: first.clone() }));
        }
        policies.push((policy, item.place().to_owned()));
    }
    Ok(policies.into_iter().map(|(policy, _)| policy).collect())
}

fn policy(id: Option<&str>, node: &Node<'_>) -> Read<CleanupPolicy> {
    let object = node.object(&["name", "id", "action", "condition", "mostRecentVersions"])?;
    let name = name(id, node, &object)?;
    let action = action(&object.need("action")?)?;
    let criteria = match (object.get("condition")?, object.get("mostRecentVersions")?) {
        (Some(_), Some(other)) => {
            return Err(other.flaw(Flaw::Contradiction("a policy has a condition or mostRecentVersions, not both")));
        }
        (None, None) => return Err(InvalidPolicy::new(System::Gar, object.at("condition"), Flaw::Missing)),
        (Some(node), None) => Criteria::Condition(condition(&node)?),
        (None, Some(node)) if action == Action::Delete => {
            return Err(node.flaw(Flaw::Contradiction("mostRecentVersions only keeps, it does not delete")));
        }
        (None, Some(node)) => {
            let object = node.object(&["packageNamePrefixes", "keepCount"])?;
            Criteria::MostRecentVersions(MostRecentVersions {
                package_name_prefixes: prefixes(&object, "packageNamePrefixes")?,
                keep_count: object.need("keepCount")?.number(1, i32::MAX as u32, "a whole number of at least 1")?,
            })
        }
    };
    Ok(CleanupPolicy { name, action, criteria })
}

/// A list has a name in every policy; in a map the key is the name.
fn name(id: Option<&str>, node: &Node<'_>, object: &Object<'_>) -> Read<String> {
    let name = match (id, object.get("name")?, object.get("id")?) {
        (None, Some(_), Some(id)) => {
            return Err(id.flaw(Flaw::Contradiction("a policy has a name or an id, not both")));
        }
        (None, Some(name), None) | (None, None, Some(name)) => name.text()?,
        (None, None, None) => return Err(InvalidPolicy::new(System::Gar, object.at("name"), Flaw::Missing)),
        (Some(key), name, id) => {
            for written in [name, id].into_iter().flatten() {
                if written.text()? != key {
                    return Err(written.flaw(Flaw::Contradiction("the policy is called otherwise where it is listed")));
                }
            }
            key
        }
    };
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(node.flaw(Flaw::Length { least: 1, most: LONGEST_NAME, found: name.chars().count() }));
    }
    Ok(name.to_owned())
}

fn action(node: &Node<'_>) -> Read<Action> {
    let kind = if node.value().is_string() { node.clone() } else { node.object(&["type"])?.need("type")? };
    match kind.text()?.to_ascii_uppercase().as_str() {
        "DELETE" => Ok(Action::Delete),
        "KEEP" => Ok(Action::Keep),
        _ => Err(kind.wrong("Delete or Keep")),
    }
}

fn condition(node: &Node<'_>) -> Read<Condition> {
    let object = node.object(&[
        "tagState",
        "tagPrefixes",
        "versionNamePrefixes",
        "packageNamePrefixes",
        "olderThan",
        "newerThan",
    ])?;
    let tag_state = match object.get("tagState")? {
        None => TagState::Any,
        Some(node) => match node.text()?.to_ascii_uppercase().as_str() {
            "ANY" => TagState::Any,
            "TAGGED" => TagState::Tagged,
            "UNTAGGED" => TagState::Untagged,
            _ => return Err(node.wrong("tagged, untagged or any")),
        },
    };
    let tag_prefixes = prefixes(&object, "tagPrefixes")?;
    if tag_state == TagState::Untagged && !tag_prefixes.is_empty() {
        return object
            .forbid("tagPrefixes", "what is untagged has no tag that could begin so")
            .map(|()| Condition::default());
    }
    Ok(Condition {
        tag_state,
        tag_prefixes,
        version_name_prefixes: prefixes(&object, "versionNamePrefixes")?,
        package_name_prefixes: prefixes(&object, "packageNamePrefixes")?,
        older_than: age(&object, "olderThan")?,
        newer_than: age(&object, "newerThan")?,
    })
}

/// A list of prefixes. An empty one would be one of everything.
fn prefixes(object: &Object<'_>, name: &str) -> Read<Vec<String>> {
    let Some(list) = object.get(name)? else { return Ok(Vec::new()) };
    for item in list.items(MOST_PREFIXES)? {
        if item.text()?.is_empty() {
            return Err(item.wrong("a text of at least one character"));
        }
    }
    list.texts(MOST_PREFIXES)
}

fn age(object: &Object<'_>, name: &str) -> Read<Option<Age>> {
    let Some(node) = object.get(name)? else { return Ok(None) };
    Age::parse(node.text()?).map(Some).ok_or_else(|| node.wrong("an age such as 30d or 2592000s"))
}

impl Serialize for CleanupPolicies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let policies: Vec<_> = self.policies.iter().map(written).collect();
        json!({ "cleanupPolicies": policies, "cleanupPolicyDryRun": self.dry_run }).serialize(serializer)
    }
}

impl CleanupPolicy {
    /// What it matches, as the document has it.
    pub(super) fn words(&self) -> String {
        match &self.criteria {
            Criteria::Condition(condition) => Value::Object(written_condition(condition)).to_string(),
            Criteria::MostRecentVersions(most) => format!("the newest {} of a package", most.keep_count),
        }
    }
}

fn written(policy: &CleanupPolicy) -> Value {
    let action = match policy.action {
        Action::Delete => "DELETE",
        Action::Keep => "KEEP",
    };
    let (name, criteria) = match &policy.criteria {
        Criteria::Condition(condition) => ("condition", written_condition(condition)),
        Criteria::MostRecentVersions(most) => {
            let mut written = Map::new();
            list(&mut written, "packageNamePrefixes", &most.package_name_prefixes);
            written.insert("keepCount".to_owned(), most.keep_count.into());
            ("mostRecentVersions", written)
        }
    };
    json!({ "name": policy.name, "action": { "type": action }, name: criteria })
}

fn written_condition(condition: &Condition) -> Map<String, Value> {
    let mut written = Map::new();
    let state = match condition.tag_state {
        TagState::Any => "ANY",
        TagState::Tagged => "TAGGED",
        TagState::Untagged => "UNTAGGED",
    };
    written.insert("tagState".to_owned(), state.into());
    list(&mut written, "tagPrefixes", &condition.tag_prefixes);
    list(&mut written, "versionNamePrefixes", &condition.version_name_prefixes);
    list(&mut written, "packageNamePrefixes", &condition.package_name_prefixes);
    for (name, age) in [("olderThan", condition.older_than), ("newerThan", condition.newer_than)] {
        if let Some(age) = age {
            written.insert(name.to_owned(), age.to_string().into());
        }
    }
    written
}

fn list(to: &mut Map<String, Value>, name: &str, list: &[String]) {
    if !list.is_empty() {
        to.insert(name.to_owned(), list.to_vec().into());
    }
}
