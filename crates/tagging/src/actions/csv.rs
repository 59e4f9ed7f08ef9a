//! The two CSV readings that an input of the action goes through: one that forgives quotes, one that does not.

/// Why a text is no CSV. The message is the one that the action shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CsvError {
    /// The whole message.
    pub(crate) message: String,
}

/// All records of `text`, read as an input: a misplaced quote is text, a line that begins with `#` is a comment, an
/// empty line is none. Each record has at least one field.
///
/// # Errors
///
/// When a quote is still open at the end.
pub(crate) fn relaxed(text: &str) -> Result<Vec<Vec<String>>, CsvError> {
    Reader::new(text, Dialect::Relaxed).records()
}

/// The fields of the first record of `text`, read as one entry of an input, without comments. Empty when there is no
/// record, which only a text of nothing but line ends has.
///
/// # Errors
///
/// When a quote is misplaced in any record, or still open at the end.
pub(crate) fn strict(text: &str) -> Result<Vec<String>, CsvError> {
    Ok(Reader::new(text, Dialect::Strict).records()?.into_iter().next().unwrap_or_default())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Relaxed,
    Strict,
}

/// What ends a record: whichever of the three the text has first, outside of quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    Windows,
    Unix,
    Mac,
}

impl LineEnd {
    fn discover(rest: &[u8]) -> Option<Self> {
        match rest {
            [b'\r', b'\n', ..] => Some(Self::Windows),
            [b'\r', ..] => Some(Self::Mac),
            [b'\n', ..] => Some(Self::Unix),
            _ => None,
        }
    }

    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Windows => b"\r\n",
            Self::Unix => b"\n",
            Self::Mac => b"\r",
        }
    }
}

struct Reader<'text> {
    rest: &'text [u8],
    dialect: Dialect,
    line_end: Option<LineEnd>,
    line: usize,
    after_break: bool,
    records: Vec<Vec<String>>,
    record: Vec<String>,
    field: Vec<u8>,
    quoting: bool,
    was_quoted: bool,
    commenting: bool,
}

impl<'text> Reader<'text> {
    fn new(text: &'text str, dialect: Dialect) -> Self {
        Self {
            rest: text.as_bytes(),
            dialect,
            line_end: None,
            line: 1,
            after_break: false,
            records: Vec::new(),
            record: Vec::new(),
            field: Vec::new(),
            quoting: false,
            was_quoted: false,
            commenting: false,
        }
    }

    fn records(mut self) -> Result<Vec<Vec<String>>, CsvError> {
        while let Some((&byte, after)) = self.rest.split_first() {
            self.count_line(byte);
            if !self.quoting && self.line_end.is_none() {
                self.line_end = LineEnd::discover(self.rest);
            }
            if self.commenting {
                // An empty field in quotes can stand before a comment, so its end can be that of a record.
                self.commenting = self.record_end(self.rest).is_none();
                if self.commenting {
                    self.rest = after;
                    continue;
                }
            }
            if byte == b'"' && self.quote(after)? {
                continue;
            }
            if !self.quoting && self.structure(byte, after) {
                continue;
            }
            self.field.push(byte);
            self.rest = after;
        }
        if self.quoting {
            let line = self.line;
            return Err(error(format!(
                "Quote Not Closed: the parsing is finished with an opening quote at line {line}"
            )));
        }
        if self.was_quoted || !self.record.is_empty() || !self.field.is_empty() {
            self.end_record();
        }
        Ok(self.records)
    }

    /// Lines are counted for messages only, and oddly: `\r` and `\n` each begin one, except as the pair that ends a
    /// record, whose second half is never looked at.
    fn count_line(&mut self, byte: u8) {
        if std::mem::take(&mut self.after_break) {
            self.line += 1;
        }
        self.after_break = matches!(byte, b'\r' | b'\n');
    }

    /// Takes a quote as what it means, or says that it is text.
    fn quote(&mut self, after: &'text [u8]) -> Result<bool, CsvError> {
        if self.quoting {
            if let Some(rest) = after.strip_prefix(b"\"") {
                self.field.push(b'"');
                self.rest = rest;
                return Ok(true);
            }
            let Some(&next) = after.first() else {
                return Ok(self.close(after));
            };
            let line_end = self.line_end.or_else(|| LineEnd::discover(after));
            let comment = self.dialect == Dialect::Relaxed && next == b'#';
            if next == b',' || comment || line_end.is_some_and(|end| after.starts_with(end.bytes())) {
                return Ok(self.close(after));
            }
            if self.dialect == Dialect::Strict {
                return Err(error(format!(
                    "Invalid Closing Quote: got \"{}\" at line {} instead of delimiter, record delimiter, trimable \
                     character (if activated) or comment",
                    char::from(next),
                    self.line
                )));
            }
            self.quoting = false;
            self.field.insert(0, b'"');
            return Ok(false);
        }
        if self.field.is_empty() {
            self.quoting = true;
            self.rest = after;
            return Ok(true);
        }
        if self.dialect == Dialect::Strict {
            return Err(error(format!(
                "Invalid Opening Quote: a quote is found on field {} at line {}, value is {}",
                self.record.len(),
                self.line,
                json_string(&String::from_utf8_lossy(&self.field))
            )));
        }
        Ok(false)
    }

    fn close(&mut self, after: &'text [u8]) -> bool {
        self.quoting = false;
        self.was_quoted = true;
        self.rest = after;
        true
    }

    /// Takes a delimiter, a line end or the beginning of a comment, or says that the byte is text.
    fn structure(&mut self, byte: u8, after: &'text [u8]) -> bool {
        let untouched = !self.was_quoted && self.record.is_empty() && self.field.is_empty();
        if let Some(end) = self.record_end(self.rest) {
            if !untouched {
                self.end_record();
            }
            self.rest = end;
        } else if byte == b'#' && self.dialect == Dialect::Relaxed && self.record.is_empty() && self.field.is_empty() {
            self.commenting = true;
            self.rest = after;
        } else if byte == b',' {
            self.end_field();
            self.rest = after;
        } else {
            return false;
        }
        true
    }

    fn record_end(&self, rest: &'text [u8]) -> Option<&'text [u8]> {
        rest.strip_prefix(self.line_end?.bytes())
    }

    fn end_field(&mut self) {
        self.record.push(String::from_utf8_lossy(&std::mem::take(&mut self.field)).into_owned());
        self.was_quoted = false;
    }

    fn end_record(&mut self) {
        self.end_field();
        self.records.push(std::mem::take(&mut self.record));
    }
}

fn error(message: String) -> CsvError {
    CsvError { message }
}

/// `text` as a JSON string, as far as a field without quotes needs it.
fn json_string(text: &str) -> String {
    let mut json = String::from('"');
    for character in text.chars() {
        match character {
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '\0'..='\u{1f}' => json.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => json.push(character),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(text: &str) -> Vec<String> {
        relaxed(text).unwrap().iter().map(|record| record.join("|")).collect()
    }

    #[test]
    fn an_input_is_read_with_patience() {
        for (text, records) in [
            ("", &[][..]),
            ("a\nb,c\n\n\n", &["a", "b|c"]),
            ("# x\na", &["a"]),
            ("  # x\na", &["  # x", "a"]),
            ("foo #bar", &["foo #bar"]),
            ("a\r\nb\nc", &["a", "b\nc"]),
            ("a\rb\nc", &["a", "b\nc"]),
            ("a\nb\r", &["a", "b\r"]),
            ("\"a\nb\",c", &["a\nb|c"]),
            ("\"\"\n\na", &["", "a"]),
            ("a,", &["a|"]),
            ("   \na", &["   ", "a"]),
            ("x=\"y\",z", &["x=\"y\"|z"]),
            ("\"a\"b,c", &["\"a\"b|c"]),
            ("\"a\"#b", &["a#b"]),
            ("\"\"#a\n#b\nc", &["", "c"]),
            ("type=match,\"pattern=\\d{1,3}\"", &["type=match|pattern=\\d{1,3}"]),
            ("type=match,\"\"\"pattern=\\d{1,3}\"\"\"", &["type=match|\"pattern=\\d{1,3}\""]),
        ] {
            assert_eq!(joined(text), records, "{text:?}");
        }
    }

    #[test]
    fn an_entry_is_read_strictly() {
        for (text, fields) in [
            ("", &[][..]),
            ("a, b ,c", &["a", " b ", "c"]),
            ("type=raw,value=x,", &["type=raw", "value=x", ""]),
            ("a,\"b,\"\"c\"\"\"", &["a", "b,\"c\""]),
            ("#a,b", &["#a", "b"]),
            ("type=raw\n,value=x", &["type=raw"]),
        ] {
            assert_eq!(strict(text).unwrap(), fields, "{text:?}");
        }
    }

    #[test]
    fn misplaced_quotes_are_named() {
        let close = "instead of delimiter, record delimiter, trimable character (if activated) or comment";
        for (text, message) in [
            ("a,\"b", "Quote Not Closed: the parsing is finished with an opening quote at line 1".to_owned()),
            ("\"a\nb", "Quote Not Closed: the parsing is finished with an opening quote at line 2".to_owned()),
            (
                "type=raw,value={{date \"YYYY\"}}",
                "Invalid Opening Quote: a quote is found on field 1 at line 1, value is \"value={{date \"".to_owned(),
            ),
            ("\"a\" b", format!("Invalid Closing Quote: got \" \" at line 1 {close}")),
            ("x\n\"a\"#", format!("Invalid Closing Quote: got \"#\" at line 2 {close}")),
        ] {
            assert_eq!(strict(text).unwrap_err().to_string(), message, "{text:?}");
        }
        assert_eq!(
            relaxed("a\nb\n\"c").unwrap_err().message,
            "Quote Not Closed: the parsing is finished with an opening quote at line 3"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a\",#\r\n é]{0,24}") {
            if let Ok(records) = relaxed(&text) {
                prop_assert!(records.iter().all(|record| !record.is_empty()));
            }
            if let (Ok(fields), Ok(records)) = (strict(&text), relaxed(&text)) {
                let comment = text.contains('#');
                prop_assert!(comment || records.first().cloned().unwrap_or_default() == fields);
            }
        }
    }
}
