//! Cuts the manifests out of a snapshot's document while it is read: they are nearly all of it, and each is read by itself.

use std::io::Read;
use std::ops::Range;

use super::SnapshotError;

/// As much of a document as is looked at at once: rows enough for several threads.
const PIECE: usize = 1 << 23;

/// Who takes what is cut out.
pub(super) trait Rows {
    /// A list of manifests begins. `repository` is what was written of its repository until then: an object without its end.
    fn begin(&mut self, repository: &[u8]) -> Result<(), SnapshotError>;
    /// Manifests of this list, each an object in this text, which begins at this byte of the document.
    fn rows(&mut self, text: &[u8], at: u64, rows: &[Range<usize>]) -> Result<(), SnapshotError>;
    /// The list has ended.
    fn end(&mut self) -> Result<(), SnapshotError>;
    /// The repository of a list has ended: all of it, without its manifests.
    fn repository(&mut self, repository: &[u8]) -> Result<(), SnapshotError>;
}

/// What is around a place in a document.
struct Frame {
    is_object: bool,
    /// Where it begins in what is left.
    start: usize,
    /// The key of the member that is read, where in what is left it is written.
    key: Range<usize>,
    /// Whether a list of manifests was cut out of it.
    has_rows: bool,
}

/// A document that is read piece by piece.
pub(super) struct Carver<R> {
    from: R,
    /// As much as is read at once.
    most: usize,
    piece: Vec<u8>,
    /// The first byte of the piece that is not done with, and where the piece begins in the document.
    at: usize,
    before: u64,
    /// What is left of the document.
    left: Vec<u8>,
    frames: Vec<Frame>,
    /// The last text, which may be a key.
    text: Range<usize>,
}

impl<R: Read> Carver<R> {
    pub(super) fn new(from: R) -> Self {
        let (piece, left, frames) = (Vec::new(), Vec::new(), Vec::new());
        Self { from, most: PIECE, piece, at: 0, before: 0, left, frames, text: 0..0 }
    }

    /// What is left when the manifests of `repositories[].manifests` are cut out: there, a list of as many zeros without a name
    /// has the place of each list. Whether it is a document at all is for whoever reads it.
    ///
    /// # Errors
    /// Where it cannot be read, such a list holds something else than objects, or a repository has two such lists.
    pub(super) fn carve(mut self, rows: &mut impl Rows) -> Result<Vec<u8>, SnapshotError> {
        while let Some(byte) = self.next()? {
            match byte {
                b'"' => self.string()?,
                b':' => {
                    if let Some(frame) = self.frames.last_mut() {
                        frame.key = self.text.clone();
                    }
                }
                b'[' if self.is_at_rows() => {
                    self.list(rows)?;
                    continue;
                }
                b'{' | b'[' => self.frames.push(Frame {
                    is_object: byte == b'{',
                    start: self.left.len(),
                    key: 0..0,
                    has_rows: false,
                }),
                b'}' | b']' => {
                    let ended = self.frames.pop();
                    if let Some(frame) = ended.filter(|frame| frame.has_rows) {
                        self.left.push(byte);
                        rows.repository(self.left.get(frame.start..).unwrap_or_default())?;
                        continue;
                    }
                }
                _ => {}
            }
            self.left.push(byte);
        }
        Ok(self.left)
    }

    /// Whether a list that begins here is that of a repository's manifests.
    fn is_at_rows(&self) -> bool {
        let is = |frame: &Frame, key: &[u8]| frame.is_object && self.left.get(frame.key.clone()) == Some(key);
        match self.frames.as_slice() {
            [root, list, repository] => {
                is(root, b"\"repositories\"") && !list.is_object && is(repository, b"\"manifests\"")
            }
            _ => false,
        }
    }

    fn list(&mut self, rows: &mut impl Rows) -> Result<(), SnapshotError> {
        let (start, key) = match self.frames.last_mut() {
            Some(frame) if frame.has_rows => {
                return Err(SnapshotError::Syntax("a repository has two lists of manifests".to_owned()));
            }
            Some(frame) => {
                frame.has_rows = true;
                (frame.start, frame.key.start)
            }
            None => (0, 0),
        };
        rows.begin(self.left.get(start..key).unwrap_or_default())?;
        self.left.truncate(key);
        self.left.extend_from_slice(b"\"\":[");
        let mut found: Vec<Range<usize>> = Vec::new();
        loop {
            let row = match self.piece.get(self.at) {
                Some(b'{') => self.piece.get(self.at..).and_then(end_of_object),
                Some(byte) if byte.is_ascii_whitespace() || matches!(byte, b',' | b']') => {
                    let byte = *byte;
                    self.left.push(byte);
                    self.at += 1;
                    if byte == b']' {
                        break;
                    }
                    continue;
                }
                Some(_) => {
                    let at = self.before + self.at as u64;
                    return Err(SnapshotError::Syntax(format!("what begins at byte {at} is no manifest")));
                }
                None => None,
            };
            match row {
                Some(len) => {
                    found.push(self.at..self.at + len);
                    self.left.push(b'0');
                    self.at += len;
                }
                None => {
                    rows.rows(&self.piece, self.before, &found)?;
                    found.clear();
                    if !self.more()? {
                        // It ends within a row or a list, as whoever reads it will say.
                        self.left.extend_from_slice(self.piece.get(self.at..).unwrap_or_default());
                        self.at = self.piece.len();
                        return Ok(());
                    }
                }
            }
        }
        rows.rows(&self.piece, self.before, &found)?;
        rows.end()
    }

    /// The rest of a text, up to its last quote.
    fn string(&mut self) -> Result<(), SnapshotError> {
        let start = self.left.len();
        self.left.push(b'"');
        let mut is_escaped = false;
        while let Some(byte) = self.next()? {
            if byte == b'"' && !is_escaped {
                // The loop around adds it.
                self.text = start..self.left.len() + 1;
                return Ok(());
            }
            is_escaped = byte == b'\\' && !is_escaped;
            self.left.push(byte);
        }
        // Whoever reads it will say that the object around it has no end.
        Ok(())
    }

    fn next(&mut self) -> Result<Option<u8>, SnapshotError> {
        if self.at >= self.piece.len() && !self.more()? {
            return Ok(None);
        }
        let byte = self.piece.get(self.at).copied();
        self.at += 1;
        Ok(byte)
    }

    /// Reads on, and drops what is done with; whether there was more.
    fn more(&mut self) -> Result<bool, SnapshotError> {
        self.piece.drain(..self.at.min(self.piece.len()));
        self.before += self.at as u64;
        self.at = 0;
        let most = self.most.max(self.piece.len()) as u64;
        match self.from.by_ref().take(most).read_to_end(&mut self.piece) {
            Ok(read) => Ok(read > 0),
            Err(error) => Err(SnapshotError::Syntax(error.to_string())),
        }
    }
}

/// Where an object ends that begins here, if it does.
fn end_of_object(text: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        match text.get(at)? {
            b'"' => {
                at = end_of_string(text, at + 1)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Where a text ends that has begun before this place, if it does.
fn end_of_string(text: &[u8], mut at: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The highest bit of each byte that is zero, and of none before the first such.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    loop {
        // Eight bytes at once, of which most have no quote.
        let eight = text.get(at..)?.first_chunk::<8>().map(|eight| u64::from_le_bytes(*eight));
        if let Some(eight) = eight {
            let found = zeros(eight ^ (ONES * u64::from(b'"'))) | zeros(eight ^ (ONES * u64::from(b'\\')));
            if found == 0 {
                at += 8;
                continue;
            }
            at += found.trailing_zeros() as usize / 8;
        }
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was cut out, one text for each call.
    #[derive(Default)]
    struct Cut {
        rows: Vec<String>,
        others: Vec<String>,
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    impl Rows for Cut {
        fn begin(&mut self, repository: &[u8]) -> Result<(), SnapshotError> {
            self.others.push(text(repository));
            Ok(())
        }

        fn rows(&mut self, piece: &[u8], at: u64, rows: &[Range<usize>]) -> Result<(), SnapshotError> {
            for row in rows {
                let place = at + row.start as u64;
                self.rows.push(format!("{place} {}", text(piece.get(row.clone()).unwrap_or_default())));
            }
            Ok(())
        }

        fn end(&mut self) -> Result<(), SnapshotError> {
            self.others.push("end".to_owned());
            Ok(())
        }

        fn repository(&mut self, repository: &[u8]) -> Result<(), SnapshotError> {
            self.others.push(text(repository));
            Ok(())
        }
    }

    const DOCUMENT: &str = r#"{"note": {"repositories": [{"manifests": [{"no": 1}]}]}, "repositories" : [
        {"name": "a\"]}", "manifests": [{"digest": "}\\", "tags": ["[{", {"name": "\\\""}]} , {}], "last": [1]},
        {"manifests": [ ], "name": "b"}, {"name": "manifests", "x": ["manifests", [{}]]}]}"#;

    #[test]
    fn rows_are_cut_out_whatever_they_hold_and_wherever_a_piece_ends() -> Result<(), SnapshotError> {
        let cut = |most: usize| {
            let mut cut = Cut::default();
            let mut carver = Carver::new(DOCUMENT.as_bytes());
            carver.most = most;
            let left = carver.carve(&mut cut)?;
            Ok::<_, SnapshotError>((text(&left), cut.rows, cut.others))
        };
        let (left, rows, others) = cut(PIECE)?;
        let row = r#"{"digest": "}\\", "tags": ["[{", {"name": "\\\""}]}"#;
        let at = |row: &str| DOCUMENT.find(row).unwrap_or_default();
        assert_eq!(rows, [format!("{} {row}", at(row)), format!("{} {{}}", at("{}]"))]);
        assert_eq!(
            others,
            [
                r#"{"name": "a\"]}", "#,
                "end",
                r#"{"name": "a\"]}", "":[0 , 0], "last": [1]}"#,
                "{",
                "end",
                r#"{"":[ ], "name": "b"}"#,
            ]
        );
        let cut_out = DOCUMENT.replace(&format!(r#""manifests": [{row} , {{}}]"#), r#""":[0 , 0]"#);
        assert_eq!(left, cut_out.replace(r#""manifests": [ ]"#, r#""":[ ]"#));
        for most in 1..DOCUMENT.len() {
            assert_eq!(cut(most)?, (left.clone(), rows.clone(), others.clone()), "{most} bytes at once");
        }
        Ok(())
    }

    #[test]
    fn a_text_ends_at_its_quote_wherever_that_is() {
        for len in 0..30 {
            for (special, more) in [("", 0), ("\\\"", 2), ("\\\\", 2), ("é", 2)] {
                for at in 0..=len {
                    let body = format!("{}{special}{}", "x".repeat(at), "y".repeat(len - at));
                    let whole = format!("{body}\" z\"");
                    assert_eq!(end_of_string(whole.as_bytes(), 0), Some(len + more + 1), "{whole}");
                    assert_eq!(end_of_string(body.as_bytes(), 0), None);
                }
            }
        }
    }
}
