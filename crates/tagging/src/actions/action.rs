//! The action: inputs, prepared once, and evaluated for one build after another.

use std::sync::OnceLock;

use jiff::Timestamp;

use super::{
    compiled::Plan,
    context::Context,
    error::{ActionError, ActionProblem, Stage},
    evaluate::{Pass, pass},
    explain::Explanation,
    facts::Facts,
    flavor::{Flavor, parse_flavor},
    image::{Image, parse_images},
    inputs::{Inputs, RawInputs, is_entry},
    labels::labels,
    metadata::{Metadata, Separators},
    profile::Profile,
    references::{references, tag_names},
    rule::{Rule, parse_rules},
    strict::StrictProblem,
};

/// The inputs of `docker/metadata-action`, ready to be evaluated.
///
/// What can be prepared is prepared at the first evaluation. It is pure: the same inputs, context and instant have the
/// same result.
///
/// ```
/// use jiff::Timestamp;
/// use lockage_tagging::actions::{Action, Context, Inputs};
///
/// let action = Action::new(
///     Inputs::new()
///         .image("ghcr.io/acme/app")
///         .tag("type=semver,pattern={{version}}")
///         .tag("type=semver,pattern={{major}}.{{minor}}")
///         .tag("type=sha"),
/// );
/// let context = Context::push("refs/tags/v1.2.3", "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081");
/// let metadata = action.evaluate(&context, Timestamp::UNIX_EPOCH)?;
/// assert_eq!(metadata.tag_names, ["1.2.3", "1.2", "sha-2b2e927", "latest"]);
/// assert_eq!(metadata.tags[0], "ghcr.io/acme/app:1.2.3");
/// # Ok::<(), lockage_tagging::actions::ActionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Action {
    given: Given,
    profile: Profile,
    deny_warnings: bool,
    prepared: OnceLock<Prepared>,
}

#[derive(Clone, Debug)]
enum Given {
    Raw(RawInputs),
    Lists(Inputs),
}

/// The inputs after reading.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parsed {
    /// The images.
    pub images: Vec<Image>,
    /// The rules in the order of their evaluation.
    pub rules: Vec<Rule>,
    /// What holds for all rules.
    pub flavor: Flavor,
}

/// Errors of the inputs come before those of the context, and all others after them.
#[derive(Clone, Debug)]
struct Prepared {
    inputs: Result<(), ActionError>,
    plan: Result<(Parsed, Plan), ActionError>,
}

impl Action {
    /// The action with inputs as lists, and the profile [`Strict`](Profile::Strict).
    pub fn new(inputs: Inputs) -> Self {
        Self::given(Given::Lists(inputs))
    }

    /// The action with inputs as a workflow has them, and the profile [`Strict`](Profile::Strict).
    ///
    /// ```
    /// use jiff::Timestamp;
    /// use lockage_tagging::actions::{Action, Context, RawInputs};
    ///
    /// let tags = "
    ///     type=ref,event=branch
    ///     type=sha,prefix=
    /// ";
    /// let images = "ghcr.io/acme/app".to_owned();
    /// let inputs = RawInputs { images, tags: tags.to_owned(), ..RawInputs::default() };
    /// let context = Context::push("refs/heads/main", "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081");
    /// let metadata = Action::from_raw(inputs).evaluate(&context, Timestamp::UNIX_EPOCH)?;
    /// assert_eq!(metadata.tags, ["ghcr.io/acme/app:main", "ghcr.io/acme/app:2b2e927"]);
    /// # Ok::<(), lockage_tagging::actions::ActionError>(())
    /// ```
    pub fn from_raw(inputs: RawInputs) -> Self {
        Self::given(Given::Raw(inputs))
    }

    fn given(given: Given) -> Self {
        Self { given, profile: Profile::default(), deny_warnings: false, prepared: OnceLock::new() }
    }

    /// Chooses the profile.
    #[must_use]
    pub fn profile(self, profile: Profile) -> Self {
        Self { profile, prepared: OnceLock::new(), ..self }
    }

    /// Makes every warning an error, also that there is no tag.
    #[must_use]
    pub fn deny_warnings(self) -> Self {
        Self { deny_warnings: true, ..self }
    }

    /// The inputs after reading.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub fn parsed(&self) -> Result<&Parsed, &ActionError> {
        let prepared = self.prepared();
        prepared.inputs.as_ref()?;
        prepared.plan.as_ref().map(|(parsed, _)| parsed)
    }

    /// The metadata of the build that `context` is about. `now` is what `{{date}}` and the label `created` show.
    ///
    /// # Errors
    ///
    /// The first that is met, in the order of [`Stage`]. With [`deny_warnings`](Self::deny_warnings), a warning is one
    /// when all else went well.
    pub fn evaluate(&self, context: &Context, now: Timestamp) -> Result<Metadata, ActionError> {
        let prepared = self.prepared();
        prepared.inputs.clone()?;
        let resolved = context.resolve(now, self.profile)?;
        let (parsed, plan) = prepared.plan.as_ref().map_err(Clone::clone)?;
        let facts = Facts { context, resolved: &resolved, now, profile: self.profile };
        let at = |stage| move |problem: ActionProblem| ActionError::new(stage, problem);

        let Pass { version, warnings, explanations } = pass(plan, &facts).map_err(at(Stage::Version))?;
        let tag_names = tag_names(&version, &plan.flavor, &facts).map_err(at(Stage::Tags))?;
        let main = version.main.as_deref();
        let metadata = Metadata {
            images: parsed.images.clone(),
            rules: parsed.rules.clone(),
            flavor: parsed.flavor.clone(),
            image_names: plan.image_names.clone(),
            tags: references(&plan.image_names, &tag_names),
            tag_names,
            labels: labels(main, &plan.labels, &facts).map_err(at(Stage::Labels))?,
            annotations: labels(main, &plan.annotations, &facts).map_err(at(Stage::Annotations))?,
            levels: context
                .settings
                .levels(self.profile)
                .map_err(|problem| ActionError::new(Stage::Annotations, problem))?,
            warnings,
            explanations,
            profile: self.profile,
            separators: Separators {
                tags: plan.inputs.sep_tags.clone(),
                labels: plan.inputs.sep_labels.clone(),
                annotations: plan.inputs.sep_annotations.clone(),
            },
            bake_target: plan.inputs.bake_target.clone(),
            version,
            resolved,
        };
        if self.deny_warnings {
            deny(&metadata)?;
        }
        Ok(metadata)
    }

    /// What becomes of each rule in the build that `context` is about.
    ///
    /// # Errors
    ///
    /// As [`evaluate`](Self::evaluate).
    pub fn explain(&self, context: &Context, now: Timestamp) -> Result<Vec<Explanation>, ActionError> {
        self.evaluate(context, now).map(|metadata| metadata.explanations)
    }

    fn prepared(&self) -> &Prepared {
        self.prepared.get_or_init(|| match self.lists() {
            Ok(inputs) => Prepared { inputs: Ok(()), plan: prepare(inputs, self.profile) },
            Err(error) => Prepared { inputs: Err(error.clone()), plan: Err(error) },
        })
    }

    fn lists(&self) -> Result<Inputs, ActionError> {
        let mut inputs = match &self.given {
            Given::Raw(raw) => raw.parse(self.profile)?,
            Given::Lists(inputs) => inputs.clone(),
        };
        if self.profile.is_strict() {
            let lists =
                [&mut inputs.images, &mut inputs.tags, &mut inputs.flavor, &mut inputs.labels, &mut inputs.annotations];
            for list in lists {
                list.retain(|entry| is_entry(entry));
            }
        }
        Ok(inputs)
    }
}

fn prepare(inputs: Inputs, profile: Profile) -> Result<(Parsed, Plan), ActionError> {
    let at = |stage| move |problem: ActionProblem| ActionError::new(stage, problem);
    let images = parse_images(&inputs.images, profile).map_err(at(Stage::ParseImages))?;
    let rules = parse_rules(&inputs.tags, profile).map_err(at(Stage::ParseTags))?;
    let flavor = parse_flavor(&inputs.flavor, profile).map_err(at(Stage::ParseFlavor))?;
    let plan = Plan::new(inputs, &images, rules.clone(), flavor.clone(), profile);
    Ok((Parsed { images, rules, flavor }, plan))
}

fn deny(metadata: &Metadata) -> Result<(), ActionError> {
    let stage = if metadata.warnings.is_empty() { Stage::Tags } else { Stage::Version };
    match metadata.warnings.iter().chain(&metadata.result_warnings()).next() {
        None => Ok(()),
        Some(warning) => Err(ActionError::new(stage, StrictProblem::Warning(warning.clone()))),
    }
}
