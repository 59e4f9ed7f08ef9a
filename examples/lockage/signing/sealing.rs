//! In which layouts is signed, and what became of each image: the common part of `sign` and `attest`.

use std::process::ExitCode;
use std::time::SystemTime;

use futures::StreamExt as _;
use lockage_registry::{Digest, Reference, Target};
use lockage_signing::sign::{Layout, LeftOut, Mark, Outcome, Predicate, Signed, Signing};
use lockage_tagging::OneLine;
use serde_json::{Value, json};

use super::pinned;
use super::seal::{By, Seal};
use crate::clients::{self, Reach, Registries};
use crate::report::{Failure, describe, say, say_json};

/// How many images are signed at once. Most of the time of each is spent waiting for a tag to be quiet; with many more, each
/// would wait for its turn at the registry between its read and its write, which it then takes for the registry's pace.
const AT_ONCE: usize = 16;

#[derive(clap::Args)]
pub(crate) struct Sealing {
    #[command(flatten)]
    by: By,

    /// In which of cosign's layouts: tags beside the image (legacy: cosign 2, podman, skopeo), bundles that refer to it
    /// (bundle: cosign 3), or both.
    #[arg(long, value_enum, default_value = "both")]
    format: Format,

    /// Do it for every manifest of an index too.
    #[arg(long)]
    recursive: bool,

    /// How many requests to one host may be under way at once.
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    reach: Reach,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Both,
    Legacy,
    Bundle,
}

/// What is said of the images.
pub(crate) enum Said {
    /// That they are released, at this place.
    Released(DockerReference),
    Attested(Predicate),
}

/// What the old layout says where an image is.
#[derive(Clone)]
pub(crate) enum DockerReference {
    /// The repository.
    Repository,
    /// The reference as it was given.
    Full,
    Text(String),
}

/// What became of one image.
struct Done {
    digest: Option<Digest>,
    marks: Vec<Mark>,
    left_out: Option<LeftOut>,
    error: Option<Box<dyn std::error::Error>>,
}

/// Signs all images. A failure does not stop the others.
pub(crate) async fn run(
    arguments: &Sealing,
    images: &[Reference],
    said: &Said,
    claims: &[super::claim::Claim],
) -> Result<ExitCode, Failure> {
    let seal = Seal::open(&arguments.by).await?;
    let registries = clients::registries(&arguments.reach, arguments.concurrency.into())?;
    let mut signing = seal.signing().layout(arguments.format.layout());
    if arguments.recursive {
        signing = signing.recursive();
    }
    for (name, value) in claims {
        signing = signing.claim(name, value.as_str());
    }
    let each = images.iter().map(|image| one(&registries, signing.clone(), image, said));
    let done: Vec<Done> = futures::stream::iter(each).buffered(AT_ONCE).collect().await;

    if arguments.json {
        let images: Vec<_> = images.iter().zip(&done).map(|(image, done)| document(image, done)).collect();
        say_json(&json!({ "images": images }))?;
    }
    for (image, done) in images.iter().zip(&done) {
        if !arguments.json {
            show(image, done)?;
        }
        if let Some(error) = &done.error {
            eprint!("{}", describe(error.as_ref()));
        }
    }
    let failed = done.iter().any(|done| done.error.is_some());
    Ok(if failed { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

async fn one(registries: &Registries, signing: Signing<'_>, image: &Reference, said: &Said) -> Done {
    let target = registries.of(image.repository());
    let digest = match pinned::digest(target, image).await {
        Ok(digest) => digest,
        Err(error) => return Done { digest: None, marks: Vec::new(), left_out: None, error: Some(error.into()) },
    };
    match write(target, signing, image, &digest, said).await {
        Ok(signed) => Done { digest: Some(digest), marks: signed.marks, left_out: signed.left_out, error: None },
        Err(error) => {
            let marks =
                if let lockage_signing::Error::Partly { done, .. } = &error { done.clone() } else { Vec::new() };
            Done { digest: Some(digest), marks, left_out: None, error: Some(error.into()) }
        }
    }
}

async fn write(
    target: &dyn Target,
    signing: Signing<'_>,
    image: &Reference,
    digest: &Digest,
    said: &Said,
) -> lockage_signing::Result<Signed> {
    let (repo, now) = (image.repository(), SystemTime::now());
    match said {
        Said::Released(place) => {
            let signing = match place {
                DockerReference::Repository => signing,
                DockerReference::Full => signing.docker_reference(image.to_string()),
                DockerReference::Text(text) => signing.docker_reference(text),
            };
            signing.sign(target, repo, digest, now).await
        }
        Said::Attested(predicate) => signing.attest(target, repo, digest, predicate, now).await,
    }
}

/// One entry of `images`: every key is always there.
fn document(image: &Reference, done: &Done) -> Value {
    let result = match (&done.error, done.marks.iter().any(is_new)) {
        (Some(_), _) => "failed",
        (None, true) => "signed",
        (None, false) => "present",
    };
    json!({
        "reference": image, "digest": done.digest, "result": result, "marks": done.marks, "left_out": done.left_out,
        "error": done.error.as_ref().map(ToString::to_string),
    })
}

fn show(image: &Reference, done: &Done) -> Result<(), Failure> {
    if let (Some(digest), None) = (&done.digest, &done.error) {
        say(pinned::name(image, digest))?;
    }
    for mark in &done.marks {
        let outcome = if is_new(mark) { "written" } else { "there already" };
        say(format_args!("  {:<13}  {}  of {}", outcome, mark.place, mark.subject.short()))?;
    }
    if let Some(left_out) = &done.left_out {
        say(format_args!("  {:<13}  {}", "left out", OneLine(&left_out.why)))?;
    }
    Ok(())
}

fn is_new(mark: &Mark) -> bool {
    mark.outcome == Outcome::Written
}

impl Format {
    fn layout(self) -> Layout {
        match self {
            Self::Both => Layout::Both,
            Self::Legacy => Layout::Legacy,
            Self::Bundle => Layout::Bundle,
        }
    }
}
