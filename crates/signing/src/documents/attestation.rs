//! `kind = "attestation"`: somebody has attested it, and the predicate says what is asked for.

use std::time::{Duration, SystemTime};

use lockage_promote::pipeline::documents::{Parameters, TableProblem};
use serde::Deserialize;

use super::asked::{Asked, OneOf, built, max_age, young};
use super::problem;
use crate::format::{PredicateType, Provenance, TypedPredicate, Verification};
use crate::gate::{AttestationGate, Signers};
use crate::verify::Attestation;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    predicate_type: String,
    signers: Vec<String>,
    threshold: Option<usize>,
    #[serde(default)]
    recursive: bool,
    #[serde(default)]
    transparency_log: bool,
    #[serde(default)]
    timestamp: bool,
    max_age: Option<String>,
    builder: Option<OneOf>,
    build_type: Option<OneOf>,
    source: Option<OneOf>,
    verifier: Option<OneOf>,
    resource: Option<OneOf>,
    levels: Option<OneOf>,
    properties: Option<OneOf>,
}

/// What the predicate has to say; `None` is not asked.
#[derive(Default)]
struct Wanted {
    max_age: Option<Duration>,
    builder: Option<Vec<String>>,
    build_type: Option<Vec<String>>,
    source: Option<Vec<String>>,
    verifier: Option<Vec<String>>,
    resource: Option<Vec<String>>,
    /// All of these.
    properties: Option<Vec<String>>,
}

const PROVENANCE: [&str; 2] = ["https://slsa.dev/provenance/v0.2", "https://slsa.dev/provenance/v1"];
const VSA: &str = "https://slsa.dev/verification_summary/v1";
const SVR: &str = "https://in-toto.io/attestation/svr/v0.2";
const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";

pub(super) fn gate(known: &Signers, parameters: &Parameters) -> Result<AttestationGate, TableProblem> {
    let written: Written = parameters.read()?;
    let kind: PredicateType = written.predicate_type.parse().map_err(|error: crate::format::FormatError| {
        problem(format_args!("predicate-type: {error}"), "Write a URI, or a short name such as slsaprovenance1.")
    })?;
    if kind.is_signature() {
        return Err(problem("predicate-type: that is a signature", "Ask for it with kind = \"signature\"."));
    }
    if kind.as_str() == TEST_RESULT {
        return Err(problem(
            "predicate-type: it would count whether tests have passed or not",
            "Ask for it with kind = \"test-result\".",
        ));
    }
    written.fits(&kind)?;
    let Written { signers, threshold, recursive, transparency_log, timestamp, .. } = written;
    let (policy, has_root) = Asked { signers, threshold, recursive, transparency_log, timestamp }.policy(known)?;
    let wanted = Wanted {
        max_age: max_age(written.max_age.as_deref())?,
        builder: OneOf::read("builder", written.builder)?,
        build_type: OneOf::read("build-type", written.build_type)?,
        source: OneOf::read("source", written.source)?,
        verifier: OneOf::read("verifier", written.verifier)?,
        resource: OneOf::read("resource", written.resource)?,
        properties: match written.levels {
            Some(levels) => OneOf::read("levels", Some(levels))?,
            None => OneOf::read("properties", written.properties)?,
        },
    };
    if wanted.max_age.is_some() && !has_root && ![VSA, SVR].contains(&kind.as_str()) {
        return Err(problem(
            "max-age: none of the signers has a trusted root, so that no time is proven",
            "Give one a trusted-root, and have it sign with a log or a timestamp.",
        ));
    }
    let judge =
        move |predicate: &TypedPredicate, attestation: &Attestation, now| wanted.judge(predicate, attestation, now);
    Ok(AttestationGate::new(built(policy)?, kind).judge_at(judge))
}

impl Written {
    /// A predicate that says no such thing would be refused for ever, or the question be forgotten.
    fn fits(&self, kind: &PredicateType) -> Result<(), TableProblem> {
        let (provenance, vsa, svr) = (PROVENANCE.contains(&kind.as_str()), kind.as_str() == VSA, kind.as_str() == SVR);
        for (key, is_asked, fits) in [
            ("builder", self.builder.is_some(), provenance),
            ("build-type", self.build_type.is_some(), provenance),
            ("source", self.source.is_some(), provenance),
            ("verifier", self.verifier.is_some(), vsa || svr),
            ("resource", self.resource.is_some(), vsa),
            ("levels", self.levels.is_some(), vsa),
            ("properties", self.properties.is_some(), svr),
        ] {
            if is_asked && !fits {
                return Err(problem(
                    format_args!("{key}: attestations of {kind} do not say it"),
                    "builder, build-type and source are of provenance; verifier, resource and levels of a VSA; verifier and \
                     properties of an SVR.",
                ));
            }
        }
        Ok(())
    }
}

impl Wanted {
    fn judge(&self, predicate: &TypedPredicate, attestation: &Attestation, now: SystemTime) -> Result<(), String> {
        let said = match predicate {
            TypedPredicate::Provenance(provenance) => {
                self.provenance(provenance)?;
                None
            }
            TypedPredicate::Verification(verification) => {
                self.verification(verification)?;
                verification.at.as_deref()
            }
            _ => None,
        };
        match self.max_age {
            Some(max_age) => young(max_age, said, attestation, now),
            None => Ok(()),
        }
    }

    fn provenance(&self, provenance: &Provenance) -> Result<(), String> {
        is_one_of("it was built by", self.builder.as_ref(), Some(&provenance.builder))?;
        is_one_of("the type of its build is", self.build_type.as_ref(), Some(&provenance.build_type))?;
        let wanted = self.source.as_ref().map(|wanted| wanted.iter().map(|source| repository(source)).collect());
        let said = provenance.source.as_deref().map(repository);
        is_one_of("it was built from", wanted.as_ref(), said.as_deref())
    }

    fn verification(&self, verification: &Verification) -> Result<(), String> {
        if !verification.passed {
            return Err(format!("{} says that it has failed", verification.verifier));
        }
        is_one_of("it was judged by", self.verifier.as_ref(), Some(&verification.verifier))?;
        is_one_of("what was judged is", self.resource.as_ref(), verification.resource.as_deref())?;
        let missing = self.properties.iter().flatten().find(|asked| !verification.properties.contains(asked));
        missing.map_or(Ok(()), |missing| Err(format!("it does not say {missing}")))
    }
}

fn is_one_of(what: &str, wanted: Option<&Vec<String>>, said: Option<&str>) -> Result<(), String> {
    match (wanted, said) {
        (None, _) => Ok(()),
        (Some(wanted), Some(said)) if wanted.iter().any(|one| one == said) => Ok(()),
        (Some(wanted), Some(said)) => Err(format!("{what} {said}, and not {}", wanted.join(" or "))),
        (Some(wanted), None) => Err(format!("{what} nothing that it says, and not {}", wanted.join(" or "))),
    }
}

/// A repository without how it is fetched, and at which revision.
fn repository(uri: &str) -> String {
    let uri = uri.strip_prefix("git+").unwrap_or(uri);
    let uri = uri.split_once('#').map_or(uri, |(uri, _)| uri);
    // An `@` before the host is a user's, and no revision.
    let (scheme, rest) = uri.split_once("://").unwrap_or(("https", uri));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.split_once('@').map_or(path, |(path, _)| path).trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    format!("{}://{}/{path}", scheme.to_ascii_lowercase(), host.to_ascii_lowercase())
}
