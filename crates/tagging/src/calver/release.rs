//! The tags of a release by the calendar.

use std::fmt;

use super::{Calver, CalverLayout};
use crate::{
    BuildFacts, GitRef, SchemeError, Tag, TagScheme,
    class::{Mobility, Precision, SchemeClass, TagClass, TagKind},
};

/// The version by the calendar in the git tag, and `latest` when no later version exists. Silent on everything that is no
/// git tag of the layout.
///
/// With [`lines`](Self::lines), also the shorter starts of the version of which it is the latest: `2024.03`, `2024`.
/// A start that would read like a whole version, such as `2024.03.09` of `2024.03.09.1`, is not given.
/// To release a version again changes nothing. The existing tags are to be all there are.
///
/// ```
/// use lockage_tagging::{BuildFacts, TagScheme, calver::CalverRelease};
///
/// let scheme = CalverRelease::among("YYYY.0M.MICRO".parse()?, ["2024.02.3", "2024.03.0"]).lines();
/// assert_eq!(scheme.tags(&BuildFacts::tag("v2024.03.1"))?, ["2024.03.1", "2024.03", "2024", "latest"]);
/// assert_eq!(scheme.tags(&BuildFacts::tag("v2024.02.4"))?, ["2024.02.4", "2024.02"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CalverRelease {
    layout: CalverLayout,
    existing: Vec<Calver>,
    lines: Lines,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Lines {
    Leave,
    Move,
}

impl CalverRelease {
    /// Versions of `layout`, decided by the `existing` tags; those that are no versions of the layout do not count.
    pub fn among<T: AsRef<str>>(layout: CalverLayout, existing: impl IntoIterator<Item = T>) -> Self {
        let existing = existing.into_iter().filter_map(|tag| layout.read(tag.as_ref()).ok()).collect();
        Self { layout, existing, lines: Lines::Leave }
    }

    /// Moves the shorter starts of the version as well.
    #[must_use]
    pub fn lines(self) -> Self {
        Self { lines: Lines::Move, ..self }
    }
}

#[deny(clippy::missing_trait_methods)]
impl TagScheme for CalverRelease {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        let GitRef::Tag(git_tag) = &facts.git_ref else {
            return Ok(Vec::new());
        };
        let Ok(version) = self.layout.read(git_tag) else {
            return Ok(Vec::new());
        };
        let mut tags = vec![version.as_str().parse()?];
        let later: Vec<_> = self.existing.iter().filter(|other| **other > version).collect();
        if self.lines == Lines::Move {
            for line in version.lines().iter().filter(|line| !later.iter().any(|other| other.lines().contains(line))) {
                let tag: Tag = line.parse()?;
                if TagClass::of(&tag).mobility == Mobility::Floating {
                    tags.push(tag);
                }
            }
        }
        if later.is_empty() {
            tags.push(Tag::latest());
        }
        Ok(tags)
    }

    fn classes(&self) -> Vec<SchemeClass> {
        let precision = |numbers: usize| match numbers {
            0 | 1 => Precision::Major,
            2 => Precision::Minor,
            _ => Precision::Patch,
        };
        let mut classes = match self.layout.numbers() {
            Some(numbers) => {
                let whole = SchemeClass::immutable().with_precision(precision(numbers));
                let lines = (1..numbers.min(3)).rev().filter(|_| self.lines == Lines::Move);
                let lines = lines.map(|numbers| SchemeClass::floating().with_precision(precision(numbers)));
                [whole].into_iter().chain(lines).collect()
            }
            None if self.lines == Lines::Move => vec![SchemeClass::any()],
            None => vec![SchemeClass::immutable()],
        };
        classes.push(SchemeClass::floating().of_kind(TagKind::Channel).on_channel("latest"));
        classes
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "calendar version {} among {}", self.layout, self.existing.len())
    }
}
