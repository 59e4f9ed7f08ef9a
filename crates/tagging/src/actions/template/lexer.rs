//! From the text of a template to its tokens.

use super::{ast::Strip, error::TemplateError};
use crate::actions::js;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Content(String),
    Comment(Strip),
    /// Opening braces with what they open, and whether blanks before them go.
    Open(Open, bool),
    /// `}}` or `}}}`, and whether blanks behind them go.
    Close {
        triple: bool,
        strip: bool,
    },
    /// `{{else}}` or `{{^}}`.
    Else(Strip),
    CloseRaw,
    /// A part of a path, and whether it stood in brackets.
    Id {
        name: String,
        bracketed: bool,
    },
    Separator(char),
    Equals,
    Text(String),
    Number(String),
    Bool(bool),
    Undefined,
    Null,
    Data,
    OpenCall,
    CloseCall,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Open {
    Escaped,
    Plain,
    Triple,
    Block,
    Inverse,
    ElseChain,
    End,
    Partial,
    Raw,
    EndRaw,
}

/// The tokens of `text`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, TemplateError> {
    let mut lexer = Lexer { rest: text, tokens: Vec::new() };
    lexer.content();
    while !lexer.rest.is_empty() {
        lexer.open()?;
    }
    Ok(lexer.tokens)
}

struct Lexer<'t> {
    rest: &'t str,
    tokens: Vec<Token>,
}

impl<'t> Lexer<'t> {
    fn take(&mut self, prefix: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(prefix) else {
            return false;
        };
        self.rest = rest;
        true
    }

    /// Takes the part up to `end`, or all of it when `end` is not a place in it.
    fn cut(&mut self, end: usize) -> &'t str {
        let (part, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        part
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(js::is_blank);
    }

    fn push_content(&mut self, text: &str) {
        if !text.is_empty() {
            self.tokens.push(Token::Content(text.to_owned()));
        }
    }

    /// Text up to the next braces that open something. A backslash before braces makes text of them, two do not.
    fn content(&mut self) {
        loop {
            let end = self.rest.find("{{").unwrap_or(self.rest.len());
            let text = self.cut(end);
            if self.rest.is_empty() {
                return self.push_content(text);
            }
            let Some(before) = text.strip_suffix('\\') else {
                return self.push_content(text);
            };
            self.push_content(before);
            if before.ends_with('\\') {
                return;
            }
            // The braces and what follows them, up to the next ones or a backslash that belongs to these.
            let inner = self.rest.get(2..).unwrap_or_default();
            let braces = inner.find("{{").unwrap_or(inner.len());
            let run = inner.get(..braces).unwrap_or_default();
            let slashes = if braces < inner.len() { run.len() - run.trim_end_matches('\\').len() } else { 0 };
            let text = self.cut(2 + braces - slashes.min(2));
            self.push_content(text);
            if slashes == 0 {
                return;
            }
        }
    }

    fn open(&mut self) -> Result<(), TemplateError> {
        if self.rest.starts_with("{{{{") {
            return self.raw_block();
        }
        if self.comment()? {
            return Ok(());
        }
        self.take("{{");
        let strip = self.take("~");
        if let Some(right) = self.bare_else() {
            self.tokens.push(Token::Else(Strip { left: strip, right }));
            self.content();
            return Ok(());
        }
        let open = self.opening()?;
        self.tokens.push(Token::Open(open, strip));
        self.inside()?;
        self.content();
        Ok(())
    }

    fn opening(&mut self) -> Result<Open, TemplateError> {
        Ok(if self.take(">") {
            Open::Partial
        } else if self.take("#>") {
            return Err(TemplateError::unsupported("a partial block"));
        } else if self.take("#*") || self.take("*") {
            return Err(TemplateError::unsupported("a decorator"));
        } else if self.take("#") {
            Open::Block
        } else if self.take("/") {
            Open::End
        } else if self.take("^") {
            Open::Inverse
        } else if begins_with_else(self.rest) {
            self.skip_blanks();
            self.take("else");
            Open::ElseChain
        } else if self.take("{") {
            Open::Triple
        } else if self.take("&") {
            Open::Plain
        } else {
            Open::Escaped
        })
    }

    /// `else` or `^` with nothing behind it, and whether blanks behind the braces go.
    fn bare_else(&mut self) -> Option<bool> {
        let blanks = |text: &'t str| text.trim_start_matches(js::is_blank);
        let rest = self.rest.strip_prefix('^').or_else(|| blanks(self.rest).strip_prefix("else"))?;
        let rest = blanks(rest);
        let (strip, rest) = match rest.strip_prefix('~') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        self.rest = rest.strip_prefix("}}")?;
        Some(strip)
    }

    fn comment(&mut self) -> Result<bool, TemplateError> {
        let open = self.rest.strip_prefix("{{").unwrap_or_default();
        let left = open.starts_with('~');
        let Some(body) = open.strip_prefix('~').unwrap_or(open).strip_prefix('!') else {
            return Ok(false);
        };
        let unclosed = || TemplateError::parse("a comment is not closed");
        let (right, end) = if let Some(dashed) = body.strip_prefix("--") {
            let plain = dashed.find("--}}").map(|at| (at, false, 4));
            let stripping = dashed.find("--~}}").map(|at| (at, true, 5));
            let (at, right, length) = [plain, stripping].into_iter().flatten().min().ok_or_else(unclosed)?;
            (right, dashed.get(at + length..))
        } else {
            let at = body.find("}}").ok_or_else(unclosed)?;
            (body.get(..at).is_some_and(|text| text.ends_with('~')), body.get(at + 2..))
        };
        self.tokens.push(Token::Comment(Strip { left, right }));
        self.rest = end.unwrap_or_default();
        self.content();
        Ok(true)
    }

    /// `{{{{name}}}} any text {{{{/name}}}}`.
    fn raw_block(&mut self) -> Result<(), TemplateError> {
        self.take("{{{{");
        self.tokens.push(Token::Open(Open::Raw, false));
        self.inside()?;
        if self.tokens.last() != Some(&Token::CloseRaw) {
            return Err(TemplateError::parse("a raw block is not opened properly"));
        }
        let end = self.rest.find("{{{{").unwrap_or(self.rest.len());
        let text = self.cut(end);
        self.push_content(text);
        if !self.take("{{{{/") {
            return Err(TemplateError::parse("a raw block is not closed"));
        }
        self.tokens.push(Token::Open(Open::EndRaw, false));
        self.inside()?;
        self.content();
        Ok(())
    }

    /// What stands between braces, up to and with those that close.
    fn inside(&mut self) -> Result<(), TemplateError> {
        loop {
            self.skip_blanks();
            let token = self.inner_token()?;
            let closed = matches!(token, Token::Close { .. } | Token::CloseRaw);
            self.tokens.push(token);
            if closed {
                return Ok(());
            }
        }
    }

    fn inner_token(&mut self) -> Result<Token, TemplateError> {
        const MARKS: [(&str, Token); 10] = [
            ("(", Token::OpenCall),
            (")", Token::CloseCall),
            ("}}}}", Token::CloseRaw),
            ("=", Token::Equals),
            ("}~}}", Token::Close { triple: true, strip: true }),
            ("}}}", Token::Close { triple: true, strip: false }),
            ("~}}", Token::Close { triple: false, strip: true }),
            ("}}", Token::Close { triple: false, strip: false }),
            ("@", Token::Data),
            ("/", Token::Separator('/')),
        ];
        if self.rest.starts_with('|') {
            return Err(TemplateError::unsupported("a block parameter"));
        }
        if let Some((_, token)) = MARKS.iter().find(|(mark, _)| self.take(mark)) {
            return Ok(token.clone());
        }
        for quote in ["\"", "'"] {
            if self.take(quote) {
                return self.text(quote);
            }
        }
        if self.take("[") {
            return self.segment();
        }
        self.word()
    }

    /// The rest of a text in quotes; a backslash keeps a quote inside.
    fn text(&mut self, quote: &str) -> Result<Token, TemplateError> {
        let mut text = String::new();
        loop {
            let end = self.rest.find(quote).ok_or_else(|| TemplateError::parse("a text is not closed"))?;
            let part = self.cut(end);
            self.take(quote);
            match part.strip_suffix('\\') {
                Some(before) => text.extend([before, quote]),
                None => {
                    text.push_str(part);
                    return Ok(Token::Text(text));
                }
            }
        }
    }

    /// The rest of a name in brackets.
    fn segment(&mut self) -> Result<Token, TemplateError> {
        let mut name = String::new();
        loop {
            let end = self.rest.find(']').ok_or_else(|| TemplateError::parse("a bracket is not closed"))?;
            let part = self.cut(end);
            self.take("]");
            match part.strip_suffix('\\') {
                Some(before) => name.extend([before, "]"]),
                None => {
                    name.push_str(part);
                    return Ok(Token::Id { name, bracketed: true });
                }
            }
        }
    }

    fn word(&mut self) -> Result<Token, TemplateError> {
        let id = |name: &str| Token::Id { name: name.to_owned(), bracketed: false };
        if self.take("..") {
            return Ok(id(".."));
        }
        if self.take(".") {
            let ends = self.rest.starts_with(ends_name);
            return Ok(if ends { id(".") } else { Token::Separator('.') });
        }
        let end = self.rest.find(|next| !in_name(next)).unwrap_or(self.rest.len());
        let word = self.cut(end);
        let next = self.rest.chars().next().filter(|&next| !word.is_empty() && ends_name(next));
        let next = next.ok_or_else(|| unexpected(self.rest))?;
        let ends_literal = matches!(next, '~' | '}' | ')' | ']') || js::is_blank(next);
        Ok(match word {
            "true" if ends_literal => Token::Bool(true),
            "false" if ends_literal => Token::Bool(false),
            "undefined" if ends_literal => Token::Undefined,
            "null" if ends_literal => Token::Null,
            "as" if js::is_blank(next) && self.rest.trim_start_matches(js::is_blank).starts_with('|') => {
                return Err(TemplateError::unsupported("a block parameter"));
            }
            _ => match self.number(word, ends_literal) {
                Some(number) => Token::Number(number),
                None => id(word),
            },
        })
    }

    /// `word` as a number, with the fraction that follows it.
    fn number(&mut self, word: &str, ends_literal: bool) -> Option<String> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(word.strip_prefix('-').unwrap_or(word)) {
            return None;
        }
        if ends_literal {
            return Some(word.to_owned());
        }
        let rest = self.rest.strip_prefix('.')?;
        let end = rest.find(|next: char| !next.is_ascii_digit())?;
        let (fraction, rest) = rest.split_at_checked(end)?;
        let ends = rest.starts_with(|next| matches!(next, '~' | '}' | ')' | ']') || js::is_blank(next));
        if !ends || !digits(fraction) {
            return None;
        }
        self.rest = rest;
        Some(format!("{word}.{fraction}"))
    }
}

fn unexpected(rest: &str) -> TemplateError {
    match rest.chars().next() {
        Some(character) => TemplateError::parse(format_args!("{character:?} is unexpected")),
        None => TemplateError::parse("braces are not closed"),
    }
}

fn begins_with_else(text: &str) -> bool {
    let behind = text.trim_start_matches(js::is_blank).strip_prefix("else");
    behind.is_some_and(|behind| !behind.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_'))
}

fn ends_name(next: char) -> bool {
    matches!(next, '=' | '~' | '}' | '/' | '.' | ')' | ']' | '|') || js::is_blank(next)
}

fn in_name(character: char) -> bool {
    match character {
        '$' | '-' | ':' | '?' | '_' => true,
        _ if character.is_ascii() => {
            character.is_ascii_alphanumeric() || character.is_ascii_control() && !js::is_blank(character)
        }
        _ => !js::is_blank(character),
    }
}
