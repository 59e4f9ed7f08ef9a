//! A plan as a table, for people.

use std::fmt;

use super::words::short;
use super::{Plan, Verdict};
use crate::retain::graph::Reason;

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
            writeln!(f, "{verdict:<8} {name:<48} {}", self.words(reason))
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
            "{} of {} manifests deleted, {untagged} of {} tags taken off, {} bytes",
            self.deletes().len(),
            snapshot.manifests().len(),
            snapshot.tags().len(),
            self.bytes()
        )?;
        for warning in self.warnings() {
            writeln!(f, "warning: {warning}")?;
        }
        for refusal in self.refusals() {
            writeln!(f, "refused: {refusal}")?;
        }
        write!(f, "plan {}", self.id())
    }
}
