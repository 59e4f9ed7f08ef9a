//! Templates: the part of Handlebars 4 that entries of the action are written in.
//!
//! Beyond names, literals, helpers, conditions and comments there are sections, `each` over lists, `with`, `lookup` and
//! `log`. Partials, decorators, block parameters and `each` over the names of the scope are refused.

mod ast;
mod error;
mod lexer;
mod member;
mod parser;
mod render;
mod value;
mod whitespace;

#[cfg(test)]
mod tests;

pub(crate) use error::TemplateError;
pub(crate) use value::Value;

/// The names that a template can use.
pub(crate) trait Scope {
    /// What `name` stands for, if it is no function.
    fn value(&self, name: &str) -> Option<Value>;

    /// What the function `name` gives for positional and named arguments. `None` when there is no such function.
    fn call(&self, name: &str, arguments: &[Value], hash: &[(String, Value)]) -> Option<Result<Value, TemplateError>>;
}

/// A template that has been read, ready to be rendered any number of times.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template {
    nodes: Vec<ast::Node>,
    raw_statement: bool,
}

impl Template {
    /// Reads `text`.
    ///
    /// # Errors
    ///
    /// When `text` is no template, or one with a part of the language that is not supported.
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut nodes = parser::parse(lexer::tokens(text)?)?;
        let raw_statement = matches!(nodes.as_slice(), [ast::Node::Mustache(mustache)] if mustache.call.names("raw"));
        whitespace::control(&mut nodes);
        Ok(Self { nodes, raw_statement })
    }

    /// The text that the template stands for in `scope`, as the action has it: what double braces put in is escaped
    /// for HTML, and an unknown name is empty.
    ///
    /// # Errors
    ///
    /// When a function fails or is missing, or the text would become too long.
    pub(crate) fn render(&self, scope: &dyn Scope) -> Result<String, TemplateError> {
        render::render(&self.nodes, scope, render::Mode::Compatible)
    }

    /// The text that the template stands for in `scope`, without escapes.
    ///
    /// # Errors
    ///
    /// As [`render`](Self::render), and when a name is unknown.
    pub(crate) fn render_strict(&self, scope: &dyn Scope) -> Result<String, TemplateError> {
        render::render(&self.nodes, scope, render::Mode::Strict)
    }

    /// Whether the template puts in `raw` and has nothing else, not even a comment.
    pub(crate) fn is_raw_statement(&self) -> bool {
        self.raw_statement
    }
}
