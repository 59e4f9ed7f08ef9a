//! The pairs of a file: `SOURCE TARGET` on each line.

use std::fmt;
use std::path::Path;

use lockage_registry::{NameError, Reference};

/// A copy that was asked for.
pub(crate) type Pair = (Reference, Reference);

/// A line that is no pair, or a file that cannot be read.
#[derive(Debug)]
pub(crate) struct BadPairs {
    place: String,
    why: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Reads all pairs before anything is copied; `-` is standard input. Empty lines and those that begin with `#` are
/// passed over.
pub(crate) fn read(path: &Path) -> Result<Vec<Pair>, BadPairs> {
    let text =
        if path.as_os_str() == "-" { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(path) };
    let place = path.display().to_string();
    let text =
        text.map_err(|e| BadPairs { place: place.clone(), why: "cannot be read".into(), source: Some(e.into()) })?;
    parse(&place, &text)
}

fn parse(place: &str, text: &str) -> Result<Vec<Pair>, BadPairs> {
    let mut pairs = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let place = || format!("{place}:{number}");
        let bad = |e: NameError| BadPairs { place: place(), why: "no reference".into(), source: Some(e.into()) };
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            [] => {}
            [first, ..] if first.starts_with('#') => {}
            [source, target] => pairs.push((source.parse().map_err(bad)?, target.parse().map_err(bad)?)),
            words => {
                let why = format!("{} words where SOURCE TARGET should be", words.len());
                return Err(BadPairs { place: place(), why, source: None });
            }
        }
    }
    Ok(pairs)
}

impl fmt::Display for BadPairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

impl std::error::Error for BadPairs {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|e| e.as_ref() as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_pair_a_comment_or_an_error_with_its_place() {
        let good = parse("p", "# fleet\n\na.test/x:1 b.test/x\r\n  c.test/y   d.test/y:2 \n").unwrap();
        assert_eq!(good.len(), 2);
        assert_eq!(good[0].1.to_string(), "b.test/x");
        for (text, place) in [("a.test/x b.test/y\na.test/x", "p:2:"), ("UPPER:x a.test/b", "p:1:"), ("a b c", "p:1:")]
        {
            let error = parse("p", text).unwrap_err().to_string();
            assert!(error.starts_with(place), "{error}");
        }
    }
}
