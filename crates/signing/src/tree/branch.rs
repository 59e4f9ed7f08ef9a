//! The tree as people read it.

use std::fmt;

use super::{Attached, Part, PartVerdict, Tree};

/// A line, and what is below it.
struct Branch {
    line: String,
    below: Vec<Branch>,
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = Branch::of_tree(self);
        writeln!(f, "{}", root.line)?;
        root.write_below(f, "")
    }
}

impl Branch {
    fn of_tree(tree: &Tree) -> Self {
        let Tree { digest, media_type, size, platform, attached, parts, children } = tree;
        let platform = platform.as_ref().map(|platform| format!("{platform} ")).unwrap_or_default();
        let below = parts.iter().map(Self::of_part);
        let below = below.chain(attached.iter().map(Self::of_attached)).chain(children.iter().map(Self::of_tree));
        Self { line: format!("{platform}{digest} {}, {size} bytes", plain(media_type)), below: below.collect() }
    }

    fn of_attached(one: &Attached) -> Self {
        let Attached { digest, media_type, size, artifact_type, tag, problem, parts, attached } = one;
        let kind = artifact_type.as_deref().unwrap_or(media_type);
        let mut line = match tag {
            Some(tag) => format!("{tag} {digest}, {size} bytes"),
            None => format!("{} {digest}, {size} bytes", plain(kind)),
        };
        if let Some(problem) = problem {
            line.push_str(&format!(": {}", plain(problem)));
        }
        let below = parts.iter().map(Self::of_part).chain(attached.iter().map(Self::of_attached)).collect();
        Self { line, below }
    }

    fn of_part(part: &Part) -> Self {
        let Part { place, kind, predicate_type, claimed_signer, problem, verified } = part;
        let mut line = format!("{} ({place})", plain(kind));
        if let Some(name) = predicate_type {
            line.push_str(&format!(" {}", plain(name)));
        }
        if let Some(problem) = problem {
            line.push_str(&format!(": {}", plain(problem)));
        }
        if let Some(signer) = claimed_signer {
            line.push_str(&format!(", claims to be signed by {signer}"));
        }
        match verified {
            Some(PartVerdict::Verified { signer }) => {
                line.push_str(&format!("; verified: {}", plain(&signer.to_string())))
            }
            Some(PartVerdict::Rejected { reasons }) => {
                let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
                line.push_str(&format!("; rejected: {}", plain(&reasons.join("; "))));
            }
            Some(PartVerdict::Indeterminate { error }) => line.push_str(&format!("; undecided: {}", plain(error))),
            None => {}
        }
        Self { line, below: Vec::new() }
    }

    fn write_below(&self, f: &mut fmt::Formatter<'_>, indent: &str) -> fmt::Result {
        let last = self.below.len().saturating_sub(1);
        for (nth, branch) in self.below.iter().enumerate() {
            let (fork, deeper) = if nth == last { ("└── ", "    ") } else { ("├── ", "│   ") };
            writeln!(f, "{indent}{fork}{}", branch.line)?;
            branch.write_below(f, &format!("{indent}{deeper}"))?;
        }
        Ok(())
    }
}

/// What a stranger wrote, so that it cannot draw on a terminal.
fn plain(text: &str) -> String {
    const MOST: usize = 300;
    let mut line: String = text.escape_debug().take(MOST).collect();
    if text.len() > MOST {
        line.push('…');
    }
    line
}
