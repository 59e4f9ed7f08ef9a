//! Texts of a page: whatever somebody else has written is escaped, and times are told.

use std::fmt;
use std::time::SystemTime;

use lockage_promote::ledger::ImageFacts;

/// A text that is no markup, whatever is in it: in an element, or in an attribute between double quotes. What nobody sees, and
/// what turns the direction of a line, is shown to be there.
pub(super) struct Plain<T>(pub(super) T);

impl<T: fmt::Display> fmt::Display for Plain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.to_string().chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_str(" ")?,
                '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {
                    f.write_str("\u{fffd}")?;
                }
                other if other.is_control() => f.write_str("\u{fffd}")?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}

/// `v1.4.0 · commit 2b2e927 · PR #42`.
pub(super) fn known_as(facts: &ImageFacts) -> String {
    let commit = facts.commit.as_ref().map(|commit| format!("commit {}", commit.get(..7).unwrap_or(commit)));
    let number = facts.pull_request.map(|number| format!("PR #{number}"));
    let words: Vec<String> = [facts.version.clone(), commit, number].into_iter().flatten().collect();
    words.join(" · ")
}

/// The second, in UTC.
pub(super) fn time(at: SystemTime) -> String {
    match jiff::Timestamp::try_from(at) {
        Ok(at) => at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => "a time of no calendar".to_owned(),
    }
}

/// `12 days`: the largest unit of which there are two.
pub(super) fn rough(seconds: u64) -> String {
    let units = [(86_400, "days"), (3_600, "hours"), (60, "minutes")];
    match units.iter().find(|(unit, _)| seconds >= 2 * unit) {
        Some((unit, name)) => format!("{} {name}", seconds / unit),
        None => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_written_by_others_is_markup() {
        let hostile = "<script>alert('x')</script>\"><img src=x onerror=1>&\u{202e}gpj\u{0}";
        let shown = Plain(hostile).to_string();
        assert!(!shown.contains(['<', '>', '"', '\'', '\u{202e}', '\u{0}']), "{shown}");
        assert!(shown.starts_with("&lt;script&gt;alert(&#39;x&#39;)"), "{shown}");
    }

    #[test]
    fn times_are_told_in_units_that_people_use() {
        for (seconds, told) in
            [(0, "0 s"), (119, "119 s"), (120, "2 minutes"), (7_200, "2 hours"), (1_036_800, "12 days")]
        {
            assert_eq!(rough(seconds), told);
        }
    }
}
