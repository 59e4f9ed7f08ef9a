//! `lockage verify`: whether images are signed, by whom, and as it is asked.

mod promoted;

use std::process::ExitCode;
use std::time::SystemTime;

use futures::StreamExt as _;
use lockage_promote::pipeline::Name;
use lockage_registry::Reference;
use lockage_signing::Policy;
use lockage_signing::policy::ReferenceRule;
use lockage_signing::verify::Verified;

use crate::clients::{self, Registries};
use crate::copy::reference;
use crate::promote::name;
use crate::report::Failure;
use crate::signing::verdict::{self, Verdict};
use crate::signing::{pinned, trusted};

/// Exit codes: 0 verified; 1 rejected or unsigned, which --json tells apart; 2 usage, or a key or trusted root that cannot be
/// read; 3 it could not be decided. Only the registry is asked. A tag is looked up once, and the digest is printed.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The images to verify, by tag or digest; without either, by `latest`.
    #[arg(value_name = "REF", required = true, value_parser = reference)]
    images: Vec<Reference>,

    /// What the legacy layout has to say where the image was when it was signed: `ignore`, `match-repository`, `exact=TEXT`,
    /// or `remap=HERE=THERE` where a prefix of the repository was another one then.
    #[arg(long, value_name = "RULE", default_value = "ignore", value_parser = rule)]
    docker_reference: ReferenceRule,

    /// Ask whether it was promoted to this environment, past gates that all have passed, by the result that its promotion has
    /// signed and left with it: what a deployment asks first. Signatures of the image itself are not asked for.
    #[arg(long, value_name = "ENV", value_parser = name, conflicts_with_all = ["docker_reference", "claims", "recursive",
          "require_log", "require_timestamp", "threshold"])]
    promoted_to: Option<Name>,

    #[command(flatten)]
    trusted: trusted::Trusted,

    /// How many requests to one host may be under way at once.
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    reach: clients::Reach,
}

fn rule(text: &str) -> Result<ReferenceRule, &'static str> {
    match text.split_once('=') {
        None if text == "ignore" => Ok(ReferenceRule::Ignore),
        None if text == "match-repository" => Ok(ReferenceRule::MatchRepository),
        Some(("exact", wanted)) if !wanted.is_empty() => Ok(ReferenceRule::Exact(wanted.to_owned())),
        Some(("remap", prefixes)) => match prefixes.split_once('=') {
            Some((here, signed)) if !here.is_empty() && !signed.is_empty() => {
                Ok(ReferenceRule::Remap { here: here.to_owned(), signed: signed.to_owned() })
            }
            _ => Err("write remap=HERE=THERE"),
        },
        _ => Err("write ignore, match-repository, exact=TEXT or remap=HERE=THERE"),
    }
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    if let Some(environment) = &arguments.promoted_to {
        let signers = arguments.trusted.signers()?;
        let registries = clients::registries(&arguments.reach, arguments.concurrency.into())?;
        return promoted::verify(&registries, &signers, environment, &arguments.images, arguments.json).await;
    }
    let policy = arguments.trusted.policy()?.docker_reference(arguments.docker_reference).build();
    let policy = policy.map_err(|error| Failure::usage(&error))?;
    let registries = clients::registries(&arguments.reach, arguments.concurrency.into())?;
    let each = arguments.images.iter().map(|image| one(&registries, &policy, image));
    let verdicts: Vec<_> = futures::stream::iter(each).buffered(arguments.concurrency.into()).collect().await;
    verdict::print(&verdicts, arguments.json)
}

async fn one<'a>(registries: &Registries, policy: &Policy, image: &'a Reference) -> Verdict<'a, Verified> {
    let source = registries.of(image.repository());
    match pinned::digest(source, image).await {
        Ok(digest) => {
            let outcome = policy.verify(source, image.repository(), &digest, SystemTime::now()).await;
            Verdict::new(image, digest, outcome)
        }
        Err(error) => Verdict::unknown(image, &error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_one_of_four_or_an_error() {
        assert_eq!(rule("ignore"), Ok(ReferenceRule::Ignore));
        assert_eq!(rule("match-repository"), Ok(ReferenceRule::MatchRepository));
        assert_eq!(rule("exact=a.test/b:1"), Ok(ReferenceRule::Exact("a.test/b:1".to_owned())));
        let remap = ReferenceRule::Remap { here: "m.test/x".to_owned(), signed: "a.test".to_owned() };
        assert_eq!(rule("remap=m.test/x=a.test"), Ok(remap));
        for wrong in ["", "exact", "exact=", "remap=a", "remap==", "ignore=1", "matchRepository"] {
            assert!(rule(wrong).is_err(), "{wrong}");
        }
    }
}
