//! The document of a lifecycle policy, checked as ECR checks it.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{Action, Count, LifecyclePolicy, Rule, StorageClass, TagStatus};
use crate::import::node::{Node, Object, Read, json};
use crate::import::{Flaw, InvalidPolicy, System};

/// The fewest and the most characters of a document.
const LENGTH: (usize, usize) = (100, 30_720);
const MOST_RULES: usize = 50;
const MOST_STARS: usize = 4;
/// As long an archived image is paid for, and kept.
const LEAST_DAYS_IN_ARCHIVE: u32 = 90;
/// More days than there are instants for would be a typing error.
const MOST: u32 = i32::MAX as u32;

impl LifecyclePolicy {
    /// Reads the document of a policy, `{"rules": [{"rulePriority", "selection", "action"}]}`, and as the API carries it: as
    /// the text `lifecyclePolicyText` of what `get-lifecycle-policy` answers, or as that text alone.
    ///
    /// # Errors
    /// Where ECR would refuse it, and where a list of patterns is empty or has an empty one.
    pub fn parse(document: &[u8]) -> Result<Self, InvalidPolicy> {
        let value = json(System::Ecr, document)?;
        let root = Node::root(System::Ecr, &value);
        if let Some(text) = carried(&root)? {
            return Self::read(text.text()?.as_bytes()).map_err(|error| error.within(text.place()));
        }
        Self::read(document)
    }

    fn read(document: &[u8]) -> Result<Self, InvalidPolicy> {
        let value = json(System::Ecr, document)?;
        let root = Node::root(System::Ecr, &value);
        let found = String::from_utf8_lossy(document).chars().count();
        let (least, most) = LENGTH;
        if !(least..=most).contains(&found) {
            return Err(root.flaw(Flaw::Length { least, most, found }));
        }
        let list = root.object(&["rules"])?.need("rules")?;
        let items = list.items(MOST_RULES)?;
        if items.is_empty() {
            return Err(list.wrong("at least one rule"));
        }
        let mut rules: Vec<(Rule, &Node<'_>)> = Vec::with_capacity(items.len());
        for item in &items {
            let rule = rule(item)?;
            distinct(&rule, item, &rules)?;
            rules.push((rule, item));
        }
        any_comes_last(&rules)?;
        let mut rules: Vec<_> = rules.into_iter().map(|(rule, _)| rule).collect();
        rules.sort_by_key(|rule| rule.priority);
        Ok(Self { rules })
    }
}

/// The text that the document is, where another one carries it.
fn carried<'a>(root: &Node<'a>) -> Read<Option<Node<'a>>> {
    if root.value().is_string() {
        return Ok(Some(root.clone()));
    }
    if !root.has("lifecyclePolicyText") {
        return Ok(None);
    }
    let answer = root.object(&["registryId", "repositoryName", "lifecyclePolicyText", "lastEvaluatedAt"])?;
    answer.get("lifecyclePolicyText")
}

fn rule(node: &Node<'_>) -> Read<Rule> {
    let object = node.object(&["rulePriority", "description", "selection", "action"])?;
    let priority = object.need("rulePriority")?.number(1, MOST, "a whole number of at least 1")?;
    let description = object.get("description")?.map(|node| node.text().map(str::to_owned)).transpose()?;
    let selection = object.need("selection")?.object(&[
        "tagStatus",
        "tagPatternList",
        "tagPrefixList",
        "storageClass",
        "countType",
        "countUnit",
        "countNumber",
    ])?;
    let action = action(&object.need("action")?)?;
    let tags = tags(&selection)?;
    let class = match selection.get("storageClass")? {
        Some(node) => class(&node)?,
        None => StorageClass::Standard,
    };
    let count = count(&selection)?;
    together(&selection, class, count, action)?;
    Ok(Rule { priority, description, tags, class, count, action })
}

fn action(node: &Node<'_>) -> Read<Action> {
    let object = node.object(&["type", "targetStorageClass"])?;
    let kind = object.need("type")?;
    match kind.text()? {
        "expire" => {
            object.forbid("targetStorageClass", "an image that expires goes to no storage class")?;
            Ok(Action::Expire)
        }
        "transition" => match class(&object.need("targetStorageClass")?)? {
            StorageClass::Archive => Ok(Action::Transition),
            StorageClass::Standard => Err(object.need("targetStorageClass")?.wrong("archive")),
        },
        _ => Err(kind.wrong("expire or transition")),
    }
}

fn class(node: &Node<'_>) -> Read<StorageClass> {
    match node.text()? {
        "standard" => Ok(StorageClass::Standard),
        "archive" => Ok(StorageClass::Archive),
        _ => Err(node.wrong("standard or archive")),
    }
}

fn tags(selection: &Object<'_>) -> Read<TagStatus> {
    let status = selection.need("tagStatus")?;
    match status.text()? {
        "tagged" => tagged(selection),
        other @ ("untagged" | "any") => {
            for name in ["tagPatternList", "tagPrefixList"] {
                selection.forbid(name, "only the tagStatus tagged has a list of tags")?;
            }
            Ok(if other == "any" { TagStatus::Any } else { TagStatus::Untagged })
        }
        _ => Err(status.wrong("tagged, untagged or any")),
    }
}

fn tagged(selection: &Object<'_>) -> Read<TagStatus> {
    let (patterns, prefixes) = (selection.get("tagPatternList")?, selection.get("tagPrefixList")?);
    match (patterns, prefixes) {
        (Some(_), Some(prefixes)) => {
            Err(prefixes.flaw(Flaw::Contradiction("tagPatternList and tagPrefixList exclude each other")))
        }
        (Some(list), None) => {
            let patterns = words(&list)?;
            for (pattern, item) in patterns.iter().zip(list.items(usize::MAX)?) {
                if pattern.matches('*').count() > MOST_STARS {
                    return Err(item.flaw(Flaw::Pattern("a pattern has four * at most")));
                }
            }
            Ok(TagStatus::Patterns(patterns))
        }
        (None, Some(list)) => words(&list).map(TagStatus::Prefixes),
        (None, None) => Err(InvalidPolicy::new(System::Ecr, selection.at("tagPatternList"), Flaw::Missing)),
    }
}

/// A list with something in it. An empty prefix would be one of every tag. One that is there twice asks for no more than once:
/// ECR's rules about lists are about those of two rules.
fn words(list: &Node<'_>) -> Read<Vec<String>> {
    let words = list.texts(usize::MAX)?;
    if words.is_empty() {
        return Err(list.wrong("a list of at least one text"));
    }
    for (word, item) in words.iter().zip(list.items(usize::MAX)?) {
        if word.is_empty() {
            return Err(item.wrong("a text of at least one character"));
        }
    }
    Ok(words)
}

fn count(selection: &Object<'_>) -> Read<Count> {
    let kind = selection.need("countType")?;
    let number = selection.need("countNumber")?.number(1, MOST, "a whole number of at least 1")?;
    let count = match kind.text()? {
        "imageCountMoreThan" => {
            selection.forbid("countUnit", "a number of images has no unit")?;
            return Ok(Count::MoreThan(number));
        }
        "sinceImagePushed" => Count::SincePushed(number),
        "sinceImagePulled" => Count::SincePulled(number),
        "sinceImageTransitioned" => Count::SinceTransitioned(number),
        _ => {
            let expected = "imageCountMoreThan, sinceImagePushed, sinceImagePulled or sinceImageTransitioned";
            return Err(kind.wrong(expected));
        }
    };
    let unit = selection.need("countUnit")?;
    if unit.text()? == "days" { Ok(count) } else { Err(unit.wrong("days")) }
}

/// What goes together in one rule.
fn together(selection: &Object<'_>, class: StorageClass, count: Count, action: Action) -> Read<()> {
    let kind = selection.need("countType")?;
    let why = match (count, class, action) {
        (Count::SincePulled(_), _, Action::Expire) => "sinceImagePulled archives images, it does not expire them",
        (Count::SinceTransitioned(_), StorageClass::Standard, _) => {
            "sinceImageTransitioned is for images in the archive: it needs the storageClass archive"
        }
        (Count::SinceTransitioned(_), _, Action::Transition) => {
            "sinceImageTransitioned is for images in the archive: they can only expire"
        }
        (Count::SinceTransitioned(days), ..) if days < LEAST_DAYS_IN_ARCHIVE => {
            return Err(selection.need("countNumber")?.wrong("at least 90 days, the least time in the archive"));
        }
        (Count::MoreThan(_) | Count::SincePushed(_) | Count::SincePulled(_), StorageClass::Archive, _) => {
            "images in the archive are counted by sinceImageTransitioned alone"
        }
        _ => return Ok(()),
    };
    Err(kind.flaw(Flaw::Contradiction(why)))
}

/// What no two rules may have the same of.
fn distinct(rule: &Rule, node: &Node<'_>, others: &[(Rule, &Node<'_>)]) -> Read<()> {
    let twice = |name: &str, first: &Node<'_>| {
        let place = format!("{}.{name}", node.place());
        Err(InvalidPolicy::new(System::Ecr, place, Flaw::Twice { first: first.place().to_owned() }))
    };
    for (other, first) in others {
        if rule.priority == other.priority {
            return twice("rulePriority", first);
        }
        if rule.class == other.class && same(&rule.tags, &other.tags) {
            return twice("selection", first);
        }
    }
    Ok(())
}

/// Whether two rules select by the same: only one of a storage class may be for untagged images, for any, or have a list.
fn same(one: &TagStatus, other: &TagStatus) -> bool {
    let set = |list: &[String]| list.iter().cloned().collect::<std::collections::BTreeSet<_>>();
    match (one, other) {
        (TagStatus::Patterns(a), TagStatus::Patterns(b)) | (TagStatus::Prefixes(a), TagStatus::Prefixes(b)) => {
            set(a) == set(b)
        }
        (a, b) => a == b,
    }
}

fn any_comes_last(rules: &[(Rule, &Node<'_>)]) -> Read<()> {
    for (any, node) in rules.iter().filter(|(rule, _)| rule.tags == TagStatus::Any) {
        if rules.iter().any(|(rule, _)| rule.class == any.class && rule.priority > any.priority) {
            let place = format!("{}.rulePriority", node.place());
            let why = "a rule for any image has the highest number of its storage class";
            return Err(InvalidPolicy::new(System::Ecr, place, Flaw::Contradiction(why)));
        }
    }
    Ok(())
}

impl Serialize for LifecyclePolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({ "rules": self.rules.iter().map(written).collect::<Vec<_>>() }).serialize(serializer)
    }
}

fn written(rule: &Rule) -> Value {
    let (kind, number) = match rule.count {
        Count::MoreThan(number) => ("imageCountMoreThan", number),
        Count::SincePushed(days) => ("sinceImagePushed", days),
        Count::SincePulled(days) => ("sinceImagePulled", days),
        Count::SinceTransitioned(days) => ("sinceImageTransitioned", days),
    };
    let mut selection = serde_json::Map::new();
    let (status, list) = match &rule.tags {
        TagStatus::Any => ("any", None),
        TagStatus::Untagged => ("untagged", None),
        TagStatus::Patterns(list) => ("tagged", Some(("tagPatternList", list))),
        TagStatus::Prefixes(list) => ("tagged", Some(("tagPrefixList", list))),
    };
    selection.insert("tagStatus".to_owned(), status.into());
    if let Some((name, list)) = list {
        selection.insert(name.to_owned(), list.clone().into());
    }
    if rule.class == StorageClass::Archive {
        selection.insert("storageClass".to_owned(), "archive".into());
    }
    selection.insert("countType".to_owned(), kind.into());
    if !matches!(rule.count, Count::MoreThan(_)) {
        selection.insert("countUnit".to_owned(), "days".into());
    }
    selection.insert("countNumber".to_owned(), number.into());
    let action = match rule.action {
        Action::Expire => json!({ "type": "expire" }),
        Action::Transition => json!({ "type": "transition", "targetStorageClass": "archive" }),
    };
    let mut written = json!({ "rulePriority": rule.priority, "selection": selection, "action": action });
    if let (Some(description), Some(object)) = (&rule.description, written.as_object_mut()) {
        object.insert("description".to_owned(), description.clone().into());
    }
    written
}
