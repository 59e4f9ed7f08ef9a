//! From the nodes of a template to its text.

use super::{
    Scope,
    ast::{Block, Call, Node, Operand, Path},
    error::TemplateError,
    member::{count, member},
    value::Value,
};

/// The longest text that a template can give, in bytes, and the most nodes that are rendered for it. Lists in lists
/// multiply.
const MAX_TEXT: usize = 1 << 20;
const MAX_NODES: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Compatible,
    Strict,
}

/// The text of `nodes` in `scope`.
pub(super) fn render(nodes: &[Node], scope: &dyn Scope, mode: Mode) -> Result<String, TemplateError> {
    let mut renderer =
        Renderer { scope, mode, out: String::new(), rendered: 0, contexts: vec![Thing::Scope], data: Vec::new() };
    renderer.nodes(nodes)?;
    Ok(renderer.out)
}

/// What a path can lead to: a value, or the scope itself.
#[derive(Clone, Debug, PartialEq)]
enum Thing {
    Scope,
    Value(Value),
}

impl Thing {
    fn into_value(self) -> Value {
        match self {
            Self::Scope => Value::Text("[object Object]".to_owned()),
            Self::Value(value) => value,
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Value(value) if value.is_empty())
    }
}

struct Renderer<'s> {
    scope: &'s dyn Scope,
    mode: Mode,
    out: String,
    rendered: usize,
    /// What `this` is, innermost last.
    contexts: Vec<Thing>,
    /// What `@index`, `@first` and `@last` are, innermost last.
    data: Vec<[(&'static str, Value); 4]>,
}

impl Renderer<'_> {
    fn nodes(&mut self, nodes: &[Node]) -> Result<(), TemplateError> {
        for node in nodes {
            self.rendered += 1;
            if self.rendered > MAX_NODES || self.out.len() > MAX_TEXT {
                return Err(TemplateError::new("the template gives too long a text"));
            }
            match node {
                Node::Text(text) => self.out.push_str(&text.value),
                Node::Comment(_) => {}
                Node::Mustache(mustache) => {
                    let value = self.mustache(&mustache.call)?;
                    if mustache.escaped && self.mode == Mode::Compatible {
                        let mut spelled = String::new();
                        value.spell(&mut spelled);
                        escape(&spelled, &mut self.out);
                    } else {
                        value.spell(&mut self.out);
                    }
                }
                Node::Block(block) => self.block(block)?,
                Node::Partial { name, .. } => {
                    return Err(TemplateError::new(format!("The partial {name} could not be found")));
                }
            }
        }
        Ok(())
    }

    fn mustache(&mut self, call: &Call) -> Result<Value, TemplateError> {
        if !call.is_bare() {
            return self.call(call);
        }
        // A literal alone is a name.
        match &call.target {
            Operand::Path(path)
                if matches!(path.simple(), Some("if" | "unless" | "each" | "with" | "log" | "lookup")) =>
            {
                self.call(call)
            }
            Operand::Path(path) => Ok(self.path(path)?.into_value()),
            Operand::Literal(_, spelled) => Ok(self.path(&Path::named(spelled))?.into_value()),
            Operand::Call(inner) => self.call(inner),
        }
    }

    /// What a function gives, or a call without its arguments.
    fn call(&mut self, call: &Call) -> Result<Value, TemplateError> {
        let path = match &call.target {
            Operand::Path(path) => path,
            Operand::Literal(_, spelled) => &Path::named(spelled),
            Operand::Call(_) => return Err(TemplateError::unsupported("a call of what a call gives")),
        };
        let mut hash = Vec::new();
        for (key, operand) in &call.hash {
            hash.push((key.clone(), self.operand(operand)?.into_value()));
        }
        // Functions are shown the last one first.
        hash.reverse();
        match path.simple() {
            Some("log") => {
                for argument in &call.arguments {
                    self.operand(argument)?;
                }
                return Ok(Value::Undefined);
            }
            Some("lookup") => return self.lookup(&call.arguments),
            Some(name @ ("if" | "unless" | "each" | "with")) => {
                return Err(TemplateError::new(format!("#{name} stands only before a block")));
            }
            _ => {}
        }
        let arguments = call.arguments.iter().map(|argument| Ok(self.operand(argument)?.into_value()));
        let arguments = arguments.collect::<Result<Vec<_>, TemplateError>>()?;
        if let [name] = path.parts.as_slice()
            && !path.data
            && self.context(path.depth) == Some(&Thing::Scope)
        {
            // A value is looked for first: it hides a function.
            if let Some(value) = self.scope.value(name) {
                return self.no_function(&value, path, &arguments);
            }
            if let Some(given) = self.scope.call(name, &arguments, &hash) {
                return given;
            }
            return self.no_function(&Value::Undefined, path, &arguments);
        }
        let value = self.path(path)?.into_value();
        self.no_function(&value, path, &arguments)
    }

    /// What comes of a call to something that is no function: nothing without positional arguments.
    fn no_function(&self, value: &Value, path: &Path, arguments: &[Value]) -> Result<Value, TemplateError> {
        if !value.is_falsy() {
            return Err(TemplateError::no_function(&path.original));
        }
        if arguments.is_empty() && self.mode == Mode::Compatible {
            return Ok(Value::Undefined);
        }
        Err(TemplateError::missing_helper(&path.original))
    }

    fn lookup(&mut self, arguments: &[Operand]) -> Result<Value, TemplateError> {
        let usage = || TemplateError::new("lookup takes something and the name of its part");
        let mut things = Vec::new();
        for argument in arguments {
            things.push(self.operand(argument)?);
        }
        let mut things = things.into_iter();
        let (thing, field) = match (things.next().ok_or_else(usage)?, things.next(), things.next()) {
            (Thing::Value(value), _, _) if value.is_falsy() => return Ok(value),
            (thing, Some(field), None) => (thing, field),
            _ => return Err(usage()),
        };
        let mut name = String::new();
        field.into_value().spell(&mut name);
        match thing {
            Thing::Scope => self.named(&name),
            Thing::Value(value) => Ok(member(&value, &name)),
        }
    }

    fn operand(&mut self, operand: &Operand) -> Result<Thing, TemplateError> {
        match operand {
            Operand::Path(path) => self.path(path),
            Operand::Literal(value, _) => Ok(Thing::Value(value.clone())),
            Operand::Call(call) => Ok(Thing::Value(self.call(call)?)),
        }
    }

    fn context(&self, depth: usize) -> Option<&Thing> {
        self.contexts.iter().rev().nth(depth)
    }

    fn path(&self, path: &Path) -> Result<Thing, TemplateError> {
        let mut parts = path.parts.as_slice();
        let start = if path.data {
            let [name, rest @ ..] = parts else {
                return Ok(Thing::Value(Value::Undefined));
            };
            parts = rest;
            self.datum(name, path.depth)
        } else {
            self.context(path.depth).cloned().unwrap_or(Thing::Value(Value::Undefined))
        };
        let (mut value, rest) = match (start, parts) {
            (start, []) => return Ok(start),
            (Thing::Scope, [name, rest @ ..]) => (self.named(name)?, rest),
            (Thing::Value(value), parts) => (value, parts),
        };
        for part in rest {
            value = member(&value, part);
        }
        Ok(Thing::Value(value))
    }

    /// What a name of the scope stands for. A function is called without arguments, as it would be by braces around it.
    fn named(&self, name: &str) -> Result<Value, TemplateError> {
        if let Some(value) = self.scope.value(name) {
            return Ok(value);
        }
        match self.scope.call(name, &[], &[]) {
            Some(given) => given,
            None if self.mode == Mode::Strict => {
                Err(TemplateError::new(format!("{name:?} is not known in this template")))
            }
            None => Ok(Value::Undefined),
        }
    }

    fn datum(&self, name: &str, depth: usize) -> Thing {
        if name == "root" {
            return Thing::Scope;
        }
        let frame = self.data.iter().rev().nth(depth);
        let found = frame.and_then(|frame| frame.iter().find(|(known, _)| *known == name));
        Thing::Value(found.map_or(Value::Undefined, |(_, value)| value.clone()))
    }

    fn block(&mut self, block: &Block) -> Result<(), TemplateError> {
        let call = &block.call;
        let name = match &call.target {
            Operand::Path(path) => path.simple(),
            _ => None,
        };
        if let Some(name @ ("if" | "unless" | "with" | "each")) = name {
            let [argument] = call.arguments.as_slice() else {
                return Err(TemplateError::new(format!("#{name} requires exactly one argument")));
            };
            let thing = self.operand(argument)?;
            let mut includes_zero = false;
            for (key, operand) in &call.hash {
                let value = self.operand(operand)?.into_value();
                includes_zero |= key == "includeZero" && !value.is_falsy();
            }
            return match name {
                "each" => self.each(block, thing),
                "with" if thing.is_empty() => self.inverse(block),
                "with" => self.within(block, thing),
                _ => {
                    let zero = matches!(&thing, Thing::Value(Value::Number(number)) if *number == 0.0);
                    let holds = !thing.is_empty() && (includes_zero || !zero);
                    if holds == (name == "if") { self.program(block) } else { self.inverse(block) }
                }
            };
        }
        if !call.is_bare() || matches!(name, Some("log" | "lookup")) {
            let value = self.call(call)?;
            value.spell(&mut self.out);
            return Ok(());
        }
        let thing = match &call.target {
            Operand::Path(path) => self.path(path)?,
            Operand::Literal(_, spelled) => self.path(&Path::named(spelled))?,
            Operand::Call(inner) => Thing::Value(self.call(inner)?),
        };
        match &thing {
            Thing::Value(Value::Bool(true)) => self.program(block),
            Thing::Value(value) if value.is_missing() || *value == Value::Bool(false) => self.inverse(block),
            Thing::Value(Value::List(_)) => self.each(block, thing),
            _ => self.within(block, thing),
        }
    }

    fn program(&mut self, block: &Block) -> Result<(), TemplateError> {
        self.nodes(block.program.as_deref().unwrap_or_default())
    }

    fn inverse(&mut self, block: &Block) -> Result<(), TemplateError> {
        self.nodes(block.inverse.as_ref().map(|inverse| inverse.nodes.as_slice()).unwrap_or_default())
    }

    /// The program of `block` with `thing` as `this`.
    fn within(&mut self, block: &Block, thing: Thing) -> Result<(), TemplateError> {
        // The same context again does not make it any deeper.
        if self.contexts.last() == Some(&thing) {
            return self.program(block);
        }
        self.contexts.push(thing);
        let rendered = self.program(block);
        self.contexts.pop();
        rendered
    }

    fn each(&mut self, block: &Block, thing: Thing) -> Result<(), TemplateError> {
        let items = match thing {
            Thing::Scope => return Err(TemplateError::unsupported("each over all names")),
            Thing::Value(Value::List(items)) if !items.is_empty() => items,
            Thing::Value(_) => return self.inverse(block),
        };
        let last = items.len() - 1;
        for (index, item) in items.into_iter().enumerate() {
            self.data.push([
                ("index", count(index)),
                ("key", count(index)),
                ("first", Value::Bool(index == 0)),
                ("last", Value::Bool(index == last)),
            ]);
            let rendered = self.within(block, Thing::Value(item));
            self.data.pop();
            rendered?;
        }
        Ok(())
    }
}

/// Appends `text` with what has a meaning in HTML spelled out.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            '`' => out.push_str("&#x60;"),
            '=' => out.push_str("&#x3D;"),
            _ => out.push(character),
        }
    }
}
