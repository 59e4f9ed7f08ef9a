//! `HttpProbe`: a number in a JSON document, and where it is good: Prometheus, or any metric.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::Api;
use crate::pipeline::step::{Probe, ProbeContext};
use crate::{Evidence, GateError, Verdict};

/// Asks an API for a number, and holds it to a limit.
///
/// Segments and values may have `{image}`, `{environment}`, `{digest}` and `{commit}`, which are filled in and encoded. What
/// is no number, a number that is not finite, and whatever fails is an error.
///
/// ```
/// use lockage_promote::pipeline::http::{Api, HttpProbe, Limit};
/// let probe = HttpProbe::new(Api::new("https://prometheus.example", None)?, "/data/result/0/value/1", Limit::AtMost(0.01))
///     .below(["api", "v1", "query"])
///     .query("query", r#"rate(errors{digest="{digest}"}[5m])"#)
///     .waits_until_there();
/// # Ok::<(), lockage_promote::pipeline::vcs::VcsError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct HttpProbe {
    api: Api,
    segments: Vec<String>,
    query: Vec<(String, String)>,
    pointer: String,
    limit: Limit,
    waits: bool,
}

/// Where a number is good.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "above and below")]
pub enum Limit {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

impl HttpProbe {
    /// A number at a JSON pointer (RFC 6901). It may be written as a string, as Prometheus does.
    pub fn new(api: Api, pointer: impl Into<String>, limit: Limit) -> Self {
        Self { api, segments: Vec::new(), query: Vec::new(), pointer: pointer.into(), limit, waits: false }
    }

    /// The path below the base URL.
    pub fn below<I: Into<String>>(self, segments: impl IntoIterator<Item = I>) -> Self {
        Self { segments: segments.into_iter().map(Into::into).collect(), ..self }
    }

    /// A parameter of the query.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Waits where there is nothing at the pointer: nothing has been measured yet. Else that is an error.
    pub fn waits_until_there(self) -> Self {
        Self { waits: true, ..self }
    }
}

#[async_trait]
impl Probe for HttpProbe {
    async fn look(&self, context: &ProbeContext<'_>) -> Result<Verdict, GateError> {
        let filled = |text: &String| fill(text, context);
        let segments = self.segments.iter().map(filled).collect::<Result<Vec<_>, _>>()?;
        let values = self.query.iter().map(|(_, value)| filled(value)).collect::<Result<Vec<_>, _>>()?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let query: Vec<_> =
            self.query.iter().zip(&values).map(|((name, _), value)| (name.as_str(), value.as_str())).collect();
        let body = self.api.get(self.api.url(&segments, &query)).await?;
        let document: Value = serde_json::from_slice(&body)?;
        let number = match document.pointer(&self.pointer) {
            None | Some(Value::Null) if self.waits => return Ok(Verdict::wait("nothing has been measured yet")),
            None | Some(Value::Null) => return Err(format!("there is nothing at {}", self.pointer).into()),
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        let number: f64 = number
            .filter(|number| number.is_finite())
            .ok_or_else(|| format!("what is at {} is no number", self.pointer))?;
        let (is_good, asked) = match self.limit {
            Limit::AtMost(limit) => (number <= limit, format!("at most {limit}")),
            Limit::AtLeast(limit) => (number >= limit, format!("at least {limit}")),
        };
        Ok(match is_good {
            true => Verdict::Pass(
                Evidence::new(format!("{number}, {asked} is asked for")).with_details(json!({ "value": number })),
            ),
            false => Verdict::fail(format!("{number}, and {asked} is asked for")),
        })
    }
}

fn fill(text: &str, context: &ProbeContext<'_>) -> Result<String, GateError> {
    let known = |name: &str| -> Option<String> {
        let passage = context.passage?;
        match name {
            "{image}" => Some(passage.pinned.image.to_string()),
            "{environment}" => Some(passage.to.to_string()),
            "{digest}" => Some(passage.digest().to_string()),
            _ => passage.pinned.facts.commit.clone(),
        }
    };
    let mut filled = text.to_owned();
    for name in ["{image}", "{environment}", "{digest}", "{commit}"] {
        if filled.contains(name) {
            let value = known(name).ok_or_else(|| format!("{name} is not known"))?;
            filled = filled.replace(name, &value);
        }
    }
    Ok(filled)
}
