//! A plan as a table, for people.

use std::fmt;

use super::words::short;
use super::{Plan, Verdict};
use crate::retain::graph::Reason;
use lockage_tagging::OneLine;

impl fmt::Display for Plan<'_> {
    /// Everything that does not stay as it is, in order, and the sums. `{:#}` shows what stays as well.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snapshot = self.snapshot();
        let row = |f: &mut fmt::Formatter<'_>, name: &str, (verdict, reason): (Verdict, Reason)| {
            let verdict = match verdict {
                Verdict::Keep => "keep",
                Verdict::Untag => "untag",
                Verdict::Delete => "delete",
                Verdict::Archive => "archive",
                Verdict::Blocked => "blocked",
            };
            writeln!(f, "{verdict:<8} {:<48} {}", OneLine(name).to_string(), OneLine(self.words(reason)))
        };
        let shows = |verdict: Verdict| f.alternate() || !matches!(verdict, Verdict::Keep | Verdict::Delete);
        let tags: Vec<_> = snapshot.tags().filter(|id| shows(self.tag(*id).0)).collect();
        let manifests: Vec<_> = snapshot
            .manifests()
            .filter(|id| shows(self.manifest(*id).0) && self.manifest(*id).0 != Verdict::Delete)
            .collect();
        for id in tags {
            row(f, &snapshot.tag_reference(id), self.tag(id))?;
        }
        for id in manifests.iter().chain(self.deletes()) {
            let repository = snapshot.repository_name(snapshot.repository_of(*id));
            let tags: Vec<_> = snapshot.tags_at(*id).map(|tag| snapshot.tag_name(tag)).collect();
            let name = snapshot.manifest_name(*id);
            let mut name = format!("{repository}@{}", short(&name));
            if !tags.is_empty() {
                name += &format!(" ({})", tags.join(", "));
            }
            row(f, &name, self.manifest(*id))?;
        }
        let untagged = snapshot.tags().filter(|id| self.tag(*id).0 == Verdict::Untag).count();
        writeln!(
            f,
            "{} of {} manifests deleted, {untagged} of {} tags taken off, {}",
            self.deletes().len(),
            snapshot.manifests().len(),
            snapshot.tags().len(),
            Freed(self)
        )?;
        if self.is_faithful() {
            writeln!(
                f,
                "faithful: it keeps no more than the other system would, to compare with it, and is never executed"
            )?;
        }
        for warning in self.warnings() {
            writeln!(f, "warning: {}", OneLine(warning))?;
        }
        for refusal in self.refusals() {
            writeln!(f, "refused: {}", OneLine(refusal))?;
        }
        write!(f, "plan {}", self.id())
    }
}

/// What becomes free, as far as that is known.
struct Freed<'a>(&'a Plan<'a>);

impl fmt::Display for Freed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(plan) = self;
        if plan.deletes().is_empty() {
            return f.write_str("0 bytes");
        }
        write!(f, "at most {} bytes, as layers may be shared", plan.bytes())?;
        match plan.deletes().iter().filter(|id| plan.snapshot().size(**id).is_none()).count() {
            0 => Ok(()),
            unknown => write!(f, "; the sizes of {unknown} are not known"),
        }
    }
}
