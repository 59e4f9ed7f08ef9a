//! A number of any API, as a gate, and as a step that watches it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::super::values::duration;
use super::super::{Parameters, Surroundings, TableProblem};
use super::token as secret;
use crate::Gate;
use crate::pipeline::gates::MetricGate;
use crate::pipeline::http::{Api, HttpProbe, Limit, Token};
use crate::pipeline::step::{Pace, Step, Watch};

const OF_WATCH: [&str; 4] = ["bearing-errors", "every", "steady-for", "within"];

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Metric {
    url: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    query: BTreeMap<String, String>,
    pointer: String,
    at_most: Option<f64>,
    at_least: Option<f64>,
    #[serde(default)]
    waits_until_there: bool,
    token_env: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Watched {
    every: Option<String>,
    within: Option<String>,
    steady_for: Option<String>,
    bearing_errors: Option<u32>,
}

pub(super) fn gate(
    name: &str,
    parameters: &Parameters,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Gate>, TableProblem> {
    Ok(Arc::new(MetricGate::new(name, probe(parameters, surroundings)?)))
}

pub(super) fn watch(
    name: &str,
    parameters: &Parameters,
    surroundings: &Surroundings,
    pace: impl Pace + 'static,
) -> Result<Arc<dyn Step>, TableProblem> {
    let (of_watch, of_metric) = parameters.split(&OF_WATCH);
    let Watched { every, within, steady_for, bearing_errors } = of_watch.read()?;
    let mut watch = Watch::new(name, probe(&of_metric, surroundings)?, pace);
    if let Some(every) = every {
        watch = watch.every(duration("every", &every)?);
    }
    if let Some(within) = within {
        watch = watch.at_most(duration("within", &within)?);
    }
    if let Some(steady) = steady_for {
        watch = watch.steady_for(duration("steady-for", &steady)?);
    }
    Ok(Arc::new(watch.bearing_errors(bearing_errors.unwrap_or(0))))
}

fn probe(parameters: &Parameters, surroundings: &Surroundings) -> Result<HttpProbe, TableProblem> {
    let Metric { url, path, query, pointer, at_most, at_least, waits_until_there, token_env } = parameters.read()?;
    let limit = match (at_most, at_least) {
        (Some(limit), None) => Limit::AtMost(limit),
        (None, Some(limit)) => Limit::AtLeast(limit),
        _ => return Err(TableProblem::parameters("one of at-most and at-least says where the number is good")),
    };
    let (Limit::AtMost(number) | Limit::AtLeast(number)) = limit;
    if !number.is_finite() {
        return Err(TableProblem::parameters("a limit that is no number holds nothing"));
    }
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(TableProblem::Parameters {
            why: format!("pointer: {pointer:?} is no JSON pointer"),
            remedy: Some("Write /data/result/0/value/1.".to_owned()),
        });
    }
    let token = secret(surroundings, token_env.as_deref(), Token::bearer)?;
    let api = Api::new(&url, token).map_err(|error| TableProblem::parameters(format!("url: {error}")))?;
    let probe = HttpProbe::new(api, pointer, limit).below(path.split('/').filter(|part| !part.is_empty()));
    let probe = query.into_iter().fold(probe, |probe, (name, value)| probe.query(name, value));
    Ok(if waits_until_there { probe.waits_until_there() } else { probe })
}
