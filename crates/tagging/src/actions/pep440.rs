//! Versions of Python packages, as the library that the action uses reads and cleans them.

use super::js;

/// A version and the fields that a pattern can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pep440 {
    /// The text as it was given.
    pub(crate) raw: String,
    /// The canonical spelling, except that the segments of a local version are joined with `,`.
    pub(crate) clean: String,
    pub(crate) major: String,
    /// `0` when missing.
    pub(crate) minor: String,
    /// `0` when missing.
    pub(crate) patch: String,
    /// Whether it is a prerelease, a post-release or a development release: none of them moves `latest`.
    pub(crate) is_pre: bool,
}

impl Pep440 {
    /// Reads `text`, which has no blanks around it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let mut scan = Scan { rest: lower.strip_prefix('v').unwrap_or(&lower) };
        let mut clean = String::new();

        let mut first = scan.digits()?;
        if scan.take("!") {
            let epoch = canonical(first);
            if epoch != "0" {
                clean = format!("{epoch}!");
            }
            first = scan.digits()?;
        }
        let mut release = vec![canonical(first)];
        while let Some(number) = scan.attempt(|scan| scan.take(".").then(|| scan.digits())?) {
            release.push(canonical(number));
        }
        clean.push_str(&release.join("."));

        let pre = scan.attempt(pre_release);
        let post = scan.attempt(post_release);
        let dev = scan.attempt(|scan| {
            scan.separator();
            scan.take("dev").then(|| numbered(scan, ".dev"))
        });
        for part in [&pre, &post, &dev].into_iter().flatten() {
            clean.push_str(part);
        }
        if scan.take("+") {
            clean.push('+');
            clean.push_str(&scan.local()?.join(","));
        }
        if !scan.rest.is_empty() {
            return None;
        }
        let part = |index: usize| release.get(index).cloned().unwrap_or_else(|| "0".to_owned());
        Some(Self {
            raw: text.to_owned(),
            clean,
            major: part(0),
            minor: part(1),
            patch: part(2),
            is_pre: pre.is_some() || post.is_some() || dev.is_some(),
        })
    }
}

fn pre_release(scan: &mut Scan<'_>) -> Option<String> {
    // The first spelling that fits wins, as in the grammar's alternatives: what begins like `preview` is tried as `pre`
    // only when the rest does not fit, which never happens.
    const SPELLINGS: [(&str, &str); 8] = [
        ("alpha", "a"),
        ("a", "a"),
        ("beta", "b"),
        ("b", "b"),
        ("preview", "rc"),
        ("pre", "rc"),
        ("c", "rc"),
        ("rc", "rc"),
    ];
    scan.separator();
    let (_, short) = SPELLINGS.into_iter().find(|(spelling, _)| scan.take(spelling))?;
    Some(numbered(scan, short))
}

fn post_release(scan: &mut Scan<'_>) -> Option<String> {
    if let Some(number) = scan.attempt(|scan| scan.take("-").then(|| scan.digits())?) {
        return Some(format!(".post{}", canonical(number)));
    }
    scan.separator();
    ["post", "rev", "r"].into_iter().find(|spelling| scan.take(spelling))?;
    Some(numbered(scan, ".post"))
}

/// A letter with the number behind it, which is 0 when it is missing, even behind a separator.
fn numbered(scan: &mut Scan<'_>, letter: &str) -> String {
    scan.separator();
    format!("{letter}{}", scan.digits().map_or_else(|| "0".to_owned(), canonical))
}

/// The digits as the action's runtime counts them: without leading zeros, and rounded beyond 2^53.
fn canonical(digits: &str) -> String {
    js::display(js::number(digits))
}

struct Scan<'text> {
    rest: &'text str,
}

impl<'text> Scan<'text> {
    fn take(&mut self, expected: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(expected) else {
            return false;
        };
        self.rest = rest;
        true
    }

    fn separator(&mut self) -> bool {
        self.take("-") || self.take("_") || self.take(".")
    }

    fn run(&mut self, belongs: impl Fn(char) -> bool) -> Option<&'text str> {
        let rest = self.rest.trim_start_matches(belongs);
        let (run, rest) = self.rest.split_at_checked(self.rest.len() - rest.len())?;
        self.rest = rest;
        (!run.is_empty()).then_some(run)
    }

    fn digits(&mut self) -> Option<&'text str> {
        self.run(|character| character.is_ascii_digit())
    }

    fn local(&mut self) -> Option<Vec<String>> {
        let mut segments = Vec::new();
        loop {
            let segment = self.run(|character| character.is_ascii_alphanumeric())?;
            let numeric = segment.bytes().all(|byte| byte.is_ascii_digit());
            segments.push(if numeric { canonical(segment) } else { segment.to_owned() });
            if !self.separator() {
                return Some(segments);
            }
        }
    }

    /// What `read` finds, or the place where it began.
    fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.rest;
        let found = read(self);
        if found.is_none() {
            self.rest = before;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_are_cleaned() {
        for (text, clean, is_pre) in [
            ("v1.0", "1.0", false),
            ("1!01.002", "1!1.2", false),
            ("0!1", "1", false),
            ("1.0ALPHA", "1.0a0", true),
            ("1.0-beta_2", "1.0b2", true),
            ("1.0preview3", "1.0rc3", true),
            ("1.0pre", "1.0rc0", true),
            ("1.0c1", "1.0rc1", true),
            ("1.0-1", "1.0.post1", true),
            ("1.0.rev", "1.0.post0", true),
            ("1.0r007", "1.0.post7", true),
            ("1.0.DEV-4", "1.0.dev4", true),
            ("1.0a1.post2.dev3", "1.0a1.post2.dev3", true),
            ("1.0+Ubuntu.01-x", "1.0+ubuntu,1,x", false),
            ("1.9007199254740993", "1.9007199254740992", false),
        ] {
            let version = Pep440::parse(text).unwrap();
            assert_eq!((version.clean.as_str(), version.is_pre, version.raw.as_str()), (clean, is_pre, text));
        }
    }

    #[test]
    fn missing_parts_are_zero() {
        let version = Pep440::parse("3").unwrap();
        assert_eq!((&*version.major, &*version.minor, &*version.patch), ("3", "0", "0"));
        let version = Pep440::parse("2!1.02.3.4").unwrap();
        assert_eq!((&*version.major, &*version.minor, &*version.patch), ("1", "2", "3"));
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["", "v", "x", " 1", "1 ", "1..0", "1.0x", "1.0+", "1.0+a..b", "1!", "vv1", "1.0dev1a", "1.0a1b1"] {
            assert_eq!(Pep440::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_clean_version_is_a_version(text in "v?([0-9]!)?[0-9]{1,3}(\\.[0-9]{1,2}){0,3}([._-]?(a|b|rc|post|dev|r|pre)[._-]?[0-9]{0,2}){0,3}") {
            if let Some(version) = Pep440::parse(&text) {
                let again = Pep440::parse(&version.clean).unwrap();
                prop_assert_eq!(again.clean, version.clean);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,12}") {
            let _ = Pep440::parse(&text);
        }
    }
}
