//! A lifecycle policy, as it is after everything about it has been checked.

/// A lifecycle policy: at most 50 rules, each with a priority of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecyclePolicy {
    /// By priority.
    pub(super) rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub(super) priority: u32,
    pub(super) description: Option<String>,
    pub(super) tags: TagStatus,
    pub(super) class: StorageClass,
    pub(super) count: Count,
    pub(super) action: Action,
}

/// Which images a rule matches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these")]
pub enum TagStatus {
    /// Every image.
    Any,
    /// Images without a tag.
    Untagged,
    /// Images of which, for every one of these patterns, some tag matches. `*` is any text, the rest is literal.
    Patterns(Vec<String>),
    /// Images of which, for every one of these prefixes, some tag begins with it.
    Prefixes(Vec<String>),
}

/// Where an image is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these")]
pub enum StorageClass {
    /// Where it can be pulled from.
    #[default]
    Standard,
    /// Where it has to be restored from first.
    Archive,
}

/// Which of the images that a rule matches it marks. Days are of 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these")]
pub enum Count {
    /// All but this many of the newest.
    MoreThan(u32),
    /// Those pushed more than this many days ago.
    SincePushed(u32),
    /// Those last pulled more than this many days ago.
    SincePulled(u32),
    /// Those archived more than this many days ago.
    SinceTransitioned(u32),
}

/// What a rule does to the images that are its own and marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these")]
pub enum Action {
    /// Deletes them.
    Expire,
    /// Archives them.
    Transition,
}

impl LifecyclePolicy {
    /// Its rules, by priority.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

impl Rule {
    /// Its priority: the rule with the lowest number that matches an image owns it.
    #[must_use]
    pub fn priority(&self) -> u32 {
        self.priority
    }

    /// What it is for, in the words of who wrote it.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Which images it matches.
    #[must_use]
    pub fn tags(&self) -> &TagStatus {
        &self.tags
    }

    /// Of which storage class they are.
    #[must_use]
    pub fn storage_class(&self) -> StorageClass {
        self.class
    }

    /// Which of them it marks.
    #[must_use]
    pub fn count(&self) -> Count {
        self.count
    }

    /// What it does to those.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }
}

impl Rule {
    /// What it does, where nobody described it.
    pub(super) fn words(&self) -> String {
        let verb = match self.action {
            Action::Expire => "expires",
            Action::Transition => "archives",
        };
        let images = match &self.tags {
            TagStatus::Any => "any images".to_owned(),
            TagStatus::Untagged => "images without a tag".to_owned(),
            TagStatus::Patterns(patterns) => format!("images tagged {}", patterns.join(" and ")),
            TagStatus::Prefixes(prefixes) => format!("images tagged {}*", prefixes.join("* and ")),
        };
        match self.count {
            Count::MoreThan(number) => format!("{verb} {images} beyond the newest {number}"),
            Count::SincePushed(days) => format!("{verb} {images} pushed more than {days} days ago"),
            Count::SincePulled(days) => format!("{verb} {images} not pulled for more than {days} days"),
            Count::SinceTransitioned(days) => format!("{verb} {images} archived more than {days} days ago"),
        }
    }
}

impl TagStatus {
    /// Whether it matches an image with these tags.
    pub(super) fn matches<'a>(&self, tags: impl Iterator<Item = &'a str> + Clone) -> bool {
        match self {
            Self::Any => true,
            Self::Untagged => tags.clone().next().is_none(),
            Self::Patterns(patterns) => patterns.iter().all(|pattern| tags.clone().any(|tag| matches(pattern, tag))),
            Self::Prefixes(prefixes) => {
                prefixes.iter().all(|prefix| tags.clone().any(|tag| tag.starts_with(prefix.as_str())))
            }
        }
    }
}

/// Whether the pattern is all of the tag.
fn matches(pattern: &str, tag: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == tag };
    let Some(mut left) = tag.strip_prefix(head) else { return false };
    // The first place of a middle part is the best one: it leaves the most for those after it.
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_all_of_a_tag_and_stars_are_any_text() {
        let table = [
            ("prod*", "prod", true),
            ("prod*", "prod-1", true),
            ("prod*", "my-prod-1", false),
            ("*prod*", "my-prod-1", true),
            ("*prod", "my-prod-1", false),
            ("prod*web*", "prod-eu-web-1", true),
            ("prod*web*", "web-prod", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*b", "ab", false),
            ("a*b*b", "abb", true),
            ("*", "", true),
            ("**", "x", true),
            ("v1.2", "v1.2", true),
            ("v1.2", "v1x2", false),
            ("?", "a", false),
            ("[ab]", "a", false),
        ];
        for (pattern, tag, expected) in table {
            assert_eq!(matches(pattern, tag), expected, "{pattern} {tag}");
        }
    }
}
