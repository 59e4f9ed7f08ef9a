//! From tokens to the nodes of a template.

use std::{iter::Peekable, vec::IntoIter};

use super::{
    ast::{Block, Call, Inverse, Mustache, Node, Operand, Path, Strip, Text},
    error::TemplateError,
    lexer::{Open, Token},
    value::Value,
};
use crate::actions::js;

/// How deep blocks and calls can stand in each other.
const MAX_DEPTH: usize = 64;

/// The nodes that `tokens` spell.
pub(super) fn parse(tokens: Vec<Token>) -> Result<Vec<Node>, TemplateError> {
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), depth: 0 };
    let nodes = parser.program()?;
    match parser.tokens.next() {
        None => Ok(nodes),
        Some(_) => Err(TemplateError::parse("there is no block to end here")),
    }
}

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
    depth: usize,
}

/// What follows the first part of a block: an `else` and all behind it.
struct Rest {
    inverse: Inverse,
    strip: Strip,
}

impl Parser {
    fn descend(&mut self) -> Result<(), TemplateError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(TemplateError::unsupported(format_args!("nesting deeper than {MAX_DEPTH}")));
        }
        Ok(())
    }

    /// Nodes up to what ends them: the end of a block, an `else`, the end of the template.
    fn program(&mut self) -> Result<Vec<Node>, TemplateError> {
        let mut nodes = Vec::new();
        loop {
            match self.tokens.peek() {
                None | Some(Token::Else(_) | Token::Open(Open::End | Open::ElseChain | Open::EndRaw, _)) => {
                    return Ok(nodes);
                }
                Some(_) => {}
            }
            let Some(token) = self.tokens.next() else {
                return Ok(nodes);
            };
            nodes.push(match token {
                Token::Content(text) => content(text),
                Token::Comment(strip) => Node::Comment(strip),
                Token::Open(Open::Escaped, left) => self.mustache(left, true, false)?,
                Token::Open(Open::Plain, left) => self.mustache(left, false, false)?,
                Token::Open(Open::Triple, left) => self.mustache(left, false, true)?,
                Token::Open(Open::Block, left) => self.block(left, false)?,
                Token::Open(Open::Inverse, left) => self.block(left, true)?,
                Token::Open(Open::Partial, left) => {
                    let call = self.call()?;
                    let right = self.close(false)?;
                    Node::Partial { name: original(&call.target).to_owned(), strip: Strip { left, right } }
                }
                Token::Open(Open::Raw, _) => self.raw_block()?,
                _ => return Err(TemplateError::parse("something stands outside of braces")),
            });
        }
    }

    fn mustache(&mut self, left: bool, escaped: bool, triple: bool) -> Result<Node, TemplateError> {
        let call = self.call()?;
        let right = self.close(triple)?;
        Ok(Node::Mustache(Mustache { call, escaped, strip: Strip { left, right } }))
    }

    fn block(&mut self, left: bool, inverted: bool) -> Result<Node, TemplateError> {
        self.descend()?;
        let call = self.call()?;
        let open = Strip { left, right: self.close(false)? };
        let program = self.program()?;
        let rest = self.rest()?;
        let Some(Token::Open(Open::End, left)) = self.tokens.next() else {
            return Err(TemplateError::parse(format_args!("block {} is not closed", original(&call.target))));
        };
        let name = self.operand()?;
        let close = Strip { left, right: self.close(false)? };
        self.depth -= 1;
        matching(&call, &name)?;
        Ok(assemble(call, open, program, rest, close, inverted))
    }

    /// The `else` of a block, if there is one.
    fn rest(&mut self) -> Result<Option<Rest>, TemplateError> {
        match self.tokens.peek() {
            Some(Token::Else(strip)) => {
                let strip = *strip;
                self.tokens.next();
                let nodes = self.program()?;
                Ok(Some(Rest { inverse: Inverse { nodes, chained: false }, strip }))
            }
            Some(Token::Open(Open::ElseChain, left)) => {
                let left = *left;
                self.tokens.next();
                self.descend()?;
                let call = self.call()?;
                let strip = Strip { left, right: self.close(false)? };
                let program = self.program()?;
                let rest = self.rest()?;
                self.depth -= 1;
                let close = rest.as_ref().map(|rest| rest.strip).unwrap_or_default();
                let block = assemble(call, strip, program, rest, close, false);
                Ok(Some(Rest { inverse: Inverse { nodes: vec![block], chained: true }, strip }))
            }
            _ => Ok(None),
        }
    }

    fn raw_block(&mut self) -> Result<Node, TemplateError> {
        let call = self.call()?;
        let Some(Token::CloseRaw) = self.tokens.next() else {
            return Err(TemplateError::parse("a raw block is not opened properly"));
        };
        let program = self.program()?;
        let Some(Token::Open(Open::EndRaw, _)) = self.tokens.next() else {
            return Err(TemplateError::parse("a raw block is not closed"));
        };
        let name = self.operand()?;
        let Some(Token::CloseRaw) = self.tokens.next() else {
            return Err(TemplateError::parse("a raw block is not closed properly"));
        };
        matching(&call, &name)?;
        Ok(assemble(call, Strip::default(), program, None, Strip::default(), false))
    }

    /// Whether blanks behind the closing braces go.
    fn close(&mut self, expected: bool) -> Result<bool, TemplateError> {
        match self.tokens.next() {
            Some(Token::Close { triple, strip }) if triple == expected => Ok(strip),
            Some(_) => Err(TemplateError::parse("something stands where braces have to close")),
            None => Err(TemplateError::parse("braces are not closed")),
        }
    }

    fn call(&mut self) -> Result<Call, TemplateError> {
        let target = self.operand()?;
        let mut call = Call { target, arguments: Vec::new(), hash: Vec::new() };
        loop {
            match self.tokens.peek() {
                None | Some(Token::Close { .. } | Token::CloseRaw | Token::CloseCall) => return Ok(call),
                Some(_) => {}
            }
            let operand = self.operand()?;
            if !matches!(self.tokens.peek(), Some(Token::Equals)) {
                if !call.hash.is_empty() {
                    return Err(TemplateError::parse("an argument stands behind a named one"));
                }
                call.arguments.push(operand);
                continue;
            }
            self.tokens.next();
            let Operand::Path(Path { data: false, depth: 0, parts, original, .. }) = operand else {
                return Err(TemplateError::parse("the name of an argument is no name"));
            };
            let [name]: [String; 1] = parts.try_into().unwrap_or([original]);
            let value = self.operand()?;
            match call.hash.iter_mut().find(|(known, _)| *known == name) {
                Some(entry) => entry.1 = value,
                None => call.hash.push((name, value)),
            }
        }
    }

    fn operand(&mut self) -> Result<Operand, TemplateError> {
        Ok(match self.tokens.next() {
            Some(Token::Id { name, bracketed }) => Operand::Path(self.path(name, bracketed, false)?),
            Some(Token::Data) => match self.tokens.next() {
                Some(Token::Id { name, bracketed }) => Operand::Path(self.path(name, bracketed, true)?),
                _ => return Err(TemplateError::parse("a name has to follow @")),
            },
            Some(Token::Text(text)) => Operand::Literal(Value::Text(text.clone()), text),
            Some(Token::Number(digits)) => {
                let number = js::number(&digits);
                Operand::Literal(Value::Number(number), js::display(number))
            }
            Some(Token::Bool(value)) => Operand::Literal(Value::Bool(value), value.to_string()),
            Some(Token::Undefined) => Operand::Literal(Value::Undefined, "undefined".to_owned()),
            Some(Token::Null) => Operand::Literal(Value::Null, "null".to_owned()),
            Some(Token::OpenCall) => {
                self.descend()?;
                let call = self.call()?;
                let Some(Token::CloseCall) = self.tokens.next() else {
                    return Err(TemplateError::parse("a parenthesis is not closed"));
                };
                self.depth -= 1;
                Operand::Call(Box::new(call))
            }
            _ => return Err(TemplateError::parse("a name or a literal is missing")),
        })
    }

    fn path(&mut self, first: String, bracketed: bool, data: bool) -> Result<Path, TemplateError> {
        let mut path = Path { data, original: if data { "@".to_owned() } else { String::new() }, ..Path::default() };
        let (mut name, mut bracketed) = (first, bracketed);
        loop {
            path.original.push_str(&name);
            if !bracketed && matches!(name.as_str(), "." | ".." | "this") {
                if !path.parts.is_empty() {
                    return Err(TemplateError::new(format!("Invalid path: {}", path.original)));
                }
                path.scoped = true;
                path.depth += usize::from(name == "..");
            } else {
                path.parts.push(name);
            }
            let Some(Token::Separator(separator)) = self.tokens.next_if(|token| matches!(token, Token::Separator(_)))
            else {
                return Ok(path);
            };
            path.original.push(separator);
            (name, bracketed) = match self.tokens.next() {
                Some(Token::Id { name, bracketed }) => (name, bracketed),
                _ => return Err(TemplateError::parse("a name has to follow a separator")),
            };
        }
    }
}

fn content(text: String) -> Node {
    Node::Text(Text { value: text.clone(), original: text, stripped: Strip::default() })
}

fn original(operand: &Operand) -> &str {
    match operand {
        Operand::Path(path) => &path.original,
        Operand::Literal(_, spelled) => spelled,
        Operand::Call(_) => "",
    }
}

fn matching(open: &Call, close: &Operand) -> Result<(), TemplateError> {
    let (open, close) = (original(&open.target), original(close));
    if open == close { Ok(()) } else { Err(TemplateError::new(format!("{open} doesn't match {close}"))) }
}

fn assemble(call: Call, open: Strip, program: Vec<Node>, rest: Option<Rest>, close: Strip, inverted: bool) -> Node {
    let middle = rest.as_ref().map(|rest| rest.strip).unwrap_or_default();
    let mut inverse = rest.map(|rest| rest.inverse);
    if let Some(Inverse { nodes, chained: true }) = &mut inverse
        && let Some(Node::Block(block)) = nodes.first_mut()
    {
        block.close = close;
    }
    let (program, inverse) = if inverted {
        (inverse.map(|inverse| inverse.nodes), Some(Inverse { nodes: program, chained: false }))
    } else {
        (Some(program), inverse)
    };
    Node::Block(Box::new(Block { call, program, inverse, open, middle, close }))
}
