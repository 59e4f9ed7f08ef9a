//! Reading TOML and YAML, with the line of every piece.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

#[cfg(feature = "http")]
use super::events::EventRules;
use super::evidence::EvidenceRules;
use super::lease::LeaseRules;
use super::place::Marked;
use super::written::{Written, plain};
use super::{Document, DocumentError, DocumentProblem, Format, LedgerPlace, Parameters, TableProblem};
use crate::pipeline::{EdgeSpec, EnvironmentSpec};

type Gate = Map<String, Value>;
type Pieces = Written<Marked<EnvironmentSpec>, Marked<EdgeSpec>, Marked<Gate>, Marked<PathBuf>>;

pub(super) fn document(file: &Path, format: Format, text: &str) -> Result<Document, DocumentError> {
    let pieces = match format {
        Format::Toml => toml(text),
        Format::Yaml => yaml(text),
    };
    let pieces = pieces.map_err(|(line, why)| DocumentError::at(file, line, None, DocumentProblem::Syntax(why)))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let refused = |line, key: String, problem| DocumentError::at(file, line, Some(key), problem);
    let gate = |(name, written): (String, Marked<Gate>)| match of_kind(written) {
        Ok(gate) => Ok((name, gate)),
        Err(line) => Err(refused(line, format!("gates.{name}"), DocumentProblem::Gate(TableProblem::NoKind))),
    };
    let step = |(name, written): (String, Marked<Gate>)| match of_kind(written) {
        Ok(step) => Ok((name, step)),
        Err(line) => Err(refused(line, format!("steps.{name}"), DocumentProblem::Step(TableProblem::NoKind))),
    };
    let signer = |(name, Marked { line, value }): (String, Marked<Gate>)| {
        (name, Marked { line, value: Parameters::new(plain(value)) })
    };
    let from_folder = |marked: Marked<PathBuf>| Marked { line: marked.line, value: folder.join(marked.value) };
    Ok(Document {
        file: file.to_owned(),
        ledger: pieces.ledger.map(|ledger| match ledger {
            LedgerPlace::File(file) => LedgerPlace::File(folder.join(file)),
            other @ LedgerPlace::Repository(_) => other,
        }),
        credentials: pieces.credentials.into_iter().map(|(name, file)| (name, from_folder(file))).collect(),
        conventions: pieces.conventions.into(),
        variables: pieces.variables,
        environments: pieces.environments,
        edges: pieces.edges,
        gates: pieces.gates.into_iter().map(gate).collect::<Result<_, _>>()?,
        steps: pieces.steps.into_iter().map(step).collect::<Result<_, _>>()?,
        signers: pieces.signers.into_iter().map(signer).collect(),
        evidence: pieces.evidence.map(|one| table(file, "evidence", one, EvidenceRules::read)).transpose()?,
        lease: pieces.lease.map(|one| table(file, "lease", one, LeaseRules::read)).transpose()?,
        #[cfg(feature = "http")]
        events: {
            let events = pieces.events.into_iter();
            events.map(|one| table(file, "events", one, EventRules::read)).collect::<Result<_, _>>()?
        },
    })
}

/// A table, read by `read`.
fn table<T>(
    file: &Path,
    key: &str,
    Marked { line, value }: Marked<Gate>,
    read: impl Fn(&Parameters) -> Result<T, TableProblem>,
) -> Result<Marked<T>, DocumentError> {
    let value = read(&Parameters::new(plain(value)))
        .map_err(|problem| DocumentError::at(file, line, Some(key.to_owned()), DocumentProblem::Table(problem)))?;
    Ok(Marked { line, value })
}

/// The kind, and all else; the line of what has no kind.
fn of_kind(written: Marked<Gate>) -> Result<Marked<(String, Parameters)>, Option<usize>> {
    let Marked { line, value: mut parameters } = written;
    match parameters.remove("kind") {
        Some(Value::String(kind)) => Ok(Marked { line, value: (kind, Parameters::new(plain(parameters))) }),
        _ => Err(line),
    }
}

type Refused = (Option<usize>, String);

fn toml(text: &str) -> Result<Pieces, Refused> {
    use toml::Spanned;
    type Raw = Written<Spanned<EnvironmentSpec>, Spanned<EdgeSpec>, Spanned<Gate>, Spanned<PathBuf>>;
    let line = |offset: usize| Some(text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1);
    let raw: Raw = toml::from_str(text).map_err(|error| {
        let place = error.span().and_then(|span| line(span.start));
        (place, one_line(error.message()))
    })?;
    fn marked<T>(line: impl Fn(usize) -> Option<usize>) -> impl Fn(Spanned<T>) -> Marked<T> {
        move |spanned| Marked { line: line(spanned.span().start), value: spanned.into_inner() }
    }
    Ok(raw.with(marked(line), marked(line), marked(line), marked(line)))
}

fn yaml(text: &str) -> Result<Pieces, Refused> {
    use serde_saphyr::Spanned;
    type Raw = Written<Spanned<EnvironmentSpec>, Spanned<EdgeSpec>, Spanned<Gate>, Spanned<PathBuf>>;
    let raw: Raw = super::yaml::from_str(text).map_err(|error| {
        let line = error.location().and_then(|place| usize::try_from(place.line()).ok());
        (line, one_line(&error.without_snippet().to_string()))
    })?;
    fn marked<T>(spanned: Spanned<T>) -> Marked<T> {
        Marked { line: usize::try_from(spanned.referenced.line()).ok(), value: spanned.value }
    }
    Ok(raw.with(marked, marked, marked, marked))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl<N, E, G, F> Written<N, E, G, F> {
    /// The same with other marks.
    fn with<N2, E2, G2, F2>(
        self,
        environment: impl Fn(N) -> N2,
        edge: impl Fn(E) -> E2,
        gate: impl Fn(G) -> G2,
        file: impl Fn(F) -> F2,
    ) -> Written<N2, E2, G2, F2> {
        fn values<A, B>(map: BTreeMap<String, A>, change: impl Fn(A) -> B) -> BTreeMap<String, B> {
            map.into_iter().map(|(name, value)| (name, change(value))).collect()
        }
        Written {
            ledger: self.ledger,
            credentials: values(self.credentials, file),
            conventions: self.conventions,
            variables: self.variables,
            environments: self.environments.into_iter().map(environment).collect(),
            edges: self.edges.into_iter().map(edge).collect(),
            gates: values(self.gates, &gate),
            steps: values(self.steps, &gate),
            signers: values(self.signers, &gate),
            evidence: self.evidence.map(&gate),
            lease: self.lease.map(&gate),
            events: self.events.into_iter().map(gate).collect(),
        }
    }
}
