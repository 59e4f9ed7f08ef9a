//! Documents: a build and its inputs in one text, and the answer to it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::{
    action::Action,
    bake::BakeFile,
    context::{Checkout, Context, Repo, Source},
    error::ActionError,
    flavor::Flavor,
    git_ref::{GitFailure, infer_ref},
    image::Image,
    inputs::{Inputs, RawInputs},
    json::JsonOutput,
    metadata::Metadata,
    profile::Profile,
    rule::Rule,
    settings::Settings,
    version::Version,
};

/// A build and its inputs, or a checkout whose ref is asked for.
///
/// ```
/// use jiff::Timestamp;
/// use lockage_tagging::actions::{Document, Profile};
///
/// let document: Document = serde_json::from_str(
///     r#"{
///         "raw_inputs": {"images": "acme/app", "tags": "type=ref,event=branch"},
///         "env": {},
///         "context": {"event_name": "push", "ref": "refs/heads/main", "sha": "2b2e927"}
///     }"#,
/// )?;
/// let answer = serde_json::to_value(document.answer(Profile::Compatible, Timestamp::UNIX_EPOCH))?;
/// assert_eq!(answer["tags"][0], "acme/app:main");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Document {
    /// The inputs as a workflow has them. They come before `inputs`.
    pub raw_inputs: Option<RawInputs>,
    /// The inputs as lists.
    pub inputs: Option<Inputs>,
    /// The variables `DOCKER_METADATA_*`.
    pub env: BTreeMap<String, String>,
    /// The build.
    pub context: DocumentContext,
    /// What git answers, by its arguments: the document asks for the ref of a checkout.
    pub git: Option<BTreeMap<String, String>>,
}

/// The build that a document is about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DocumentContext {
    /// The input `context`: `workflow` when it is missing or empty.
    pub source: Option<String>,
    /// The checkout, when the source is `git`.
    pub git: Option<Checkout>,
    /// The instant of the evaluation.
    pub now: Option<Timestamp>,
    /// `GITHUB_EVENT_NAME`.
    pub event_name: String,
    /// `GITHUB_REF`.
    #[serde(rename = "ref")]
    pub git_ref: String,
    /// `GITHUB_SHA`.
    pub sha: String,
    /// The document of the event.
    pub payload: Value,
    /// What the API says about the repository.
    pub repo: Option<Repo>,
    /// When the commit was made, as the API says.
    pub api_commit_date: Option<String>,
}

impl Document {
    /// The answer to the document, or the error. `now` is the instant of the evaluation if the document has none.
    pub fn answer(&self, profile: Profile, now: Timestamp) -> Answer {
        let answer = match &self.git {
            Some(answers) => self.infer(answers).map(Answer::Ref),
            None => self.evaluate(profile, now).map(|expected| Answer::Expected(Box::new(expected))),
        };
        answer.unwrap_or_else(Answer::Error)
    }

    /// Evaluates the inputs. `now` is the instant of the evaluation if the document has none.
    ///
    /// # Errors
    ///
    /// As [`Action::evaluate`].
    pub fn evaluate(&self, profile: Profile, now: Timestamp) -> Result<Expected, ActionError> {
        self.metadata(profile, now).map(|metadata| Expected::new(&metadata))
    }

    /// Evaluates the inputs, and keeps the explanations. `now` is the instant of the evaluation if the document has
    /// none.
    ///
    /// # Errors
    ///
    /// As [`Action::evaluate`].
    pub fn metadata(&self, profile: Profile, now: Timestamp) -> Result<Metadata, ActionError> {
        self.action().profile(profile).evaluate(&self.context(), self.context.now.unwrap_or(now))
    }

    /// The action with the inputs of the document.
    pub fn action(&self) -> Action {
        match (&self.raw_inputs, &self.inputs) {
            (Some(raw), _) => Action::from_raw(raw.clone()),
            (None, Some(lists)) => Action::new(lists.clone()),
            (None, None) => Action::new(Inputs::new()),
        }
    }

    /// The build that the document is about.
    pub fn context(&self) -> Context {
        let context = &self.context;
        let source = match (context.source.as_deref().unwrap_or_default(), &context.git) {
            ("" | "workflow", _) => Source::Workflow,
            ("git", checkout) => Source::Git(checkout.clone().unwrap_or_default()),
            (other, _) => Source::Other(other.to_owned()),
        };
        Context {
            source,
            event_name: context.event_name.clone(),
            git_ref: context.git_ref.clone(),
            sha: context.sha.clone(),
            payload: context.payload.clone(),
            repo: context.repo.clone().unwrap_or_default(),
            api_commit_date: context.api_commit_date.clone(),
            settings: Settings::from_lookup(|name| self.env.get(name).cloned()),
        }
    }

    fn infer(&self, answers: &BTreeMap<String, String>) -> Result<String, ActionError> {
        let scripted =
            |arguments: &[&str]| Ok::<_, GitFailure>(answers.get(&arguments.join(" ")).cloned().unwrap_or_default());
        infer_ref(&scripted)
    }
}

/// What a document is answered with: the metadata, `{"ref": …}`, or `{"error": {"stage", "origin", "message"}}`.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The metadata.
    Expected(Box<Expected>),
    /// The ref of the checkout.
    Ref(String),
    /// Why there is none.
    Error(ActionError),
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Expected(expected) => expected.serialize(serializer),
            Self::Ref(git_ref) => serializer.collect_map([("ref", git_ref)]),
            Self::Error(error) => serializer.collect_map([("error", error)]),
        }
    }
}

/// Metadata as a document. Every key is always there.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Expected {
    /// The inputs after reading.
    pub parsed: ParsedDocument,
    /// What the rules came to.
    pub version: Version,
    /// The references.
    pub tags: Vec<String>,
    /// The tags without images.
    pub tag_names: Vec<String>,
    /// The labels: `key=value`.
    pub labels: Vec<String>,
    /// The annotations without levels: `key=value`.
    pub annotations: Vec<String>,
    /// The output `json`.
    pub json: JsonOutput,
    /// The bake files.
    pub bake: BakeDocument,
    /// The outputs that are texts, but for `json`.
    #[serde(serialize_with = "by_name")]
    pub outputs: Vec<(&'static str, String)>,
    /// What the rules warned of.
    pub warnings: Vec<String>,
}

/// The inputs after reading.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ParsedDocument {
    /// The images.
    pub images: Vec<Image>,
    /// The rules in the order of their evaluation.
    pub tags: Vec<Rule>,
    /// What holds for all rules.
    pub flavor: Flavor,
}

/// The bake files.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct BakeDocument {
    /// `bake-file`.
    pub all: BakeFile,
    /// `bake-file-tags`.
    pub tags: BakeFile,
    /// `bake-file-labels`.
    pub labels: BakeFile,
    /// `bake-file-annotations`.
    pub annotations: BakeFile,
}

impl Expected {
    /// `metadata` as a document.
    pub fn new(metadata: &Metadata) -> Self {
        let texts = |labels: &[super::labels::Label]| labels.iter().map(ToString::to_string).collect();
        Self {
            parsed: ParsedDocument {
                images: metadata.images.clone(),
                tags: metadata.rules.clone(),
                flavor: metadata.flavor.clone(),
            },
            version: metadata.version.clone(),
            tags: metadata.tags.clone(),
            tag_names: metadata.tag_names.clone(),
            labels: texts(&metadata.labels),
            annotations: texts(&metadata.annotations),
            json: metadata.json(),
            bake: BakeDocument {
                all: metadata.bake_file(),
                tags: metadata.bake_file_tags(),
                labels: metadata.bake_file_labels(),
                annotations: metadata.bake_file_annotations(),
            },
            outputs: metadata
                .outputs()
                .into_iter()
                .filter(|output| output.name != "json")
                .map(|output| (output.name, output.value))
                .collect(),
            warnings: metadata.warnings.iter().map(ToString::to_string).collect(),
        }
    }
}

fn by_name<S: Serializer>(outputs: &[(&'static str, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(outputs.len()))?;
    for (name, value) in outputs {
        map.serialize_entry(name, value)?;
    }
    map.end()
}
