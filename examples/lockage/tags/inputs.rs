//! The inputs of the action: from `INPUT_*` as a runner makes them, or from flags.

use lockage_tagging::actions::RawInputs;
use lockage_tagging::ci::Variables;

/// Each flag takes the place of the variable `INPUT_…` of that name.
#[derive(clap::Args)]
pub(crate) struct Flags {
    /// An image that the tags are for; may be repeated [default: the one that GitLab proposes].
    #[arg(long, value_name = "IMAGE")]
    images: Vec<String>,

    /// A rule, such as type=semver,pattern={{version}}; may be repeated.
    #[arg(long, value_name = "RULE")]
    tags: Vec<String>,

    /// What holds for all rules, such as latest=false; may be repeated.
    #[arg(long, value_name = "FLAVOR")]
    flavor: Vec<String>,

    /// A label, as key=value; may be repeated.
    #[arg(long, value_name = "LABEL")]
    labels: Vec<String>,

    /// An annotation, as key=value; may be repeated.
    #[arg(long, value_name = "ANNOTATION")]
    annotations: Vec<String>,

    /// What stands between two tags of an output [default: a line end].
    #[arg(long, value_name = "TEXT")]
    sep_tags: Option<String>,

    /// What stands between two labels of an output [default: a line end].
    #[arg(long, value_name = "TEXT")]
    sep_labels: Option<String>,

    /// What stands between two annotations of an output [default: a line end].
    #[arg(long, value_name = "TEXT")]
    sep_annotations: Option<String>,

    /// The target that the bake files define [default: docker-metadata-action].
    #[arg(long, value_name = "NAME")]
    bake_target: Option<String>,

    /// Where the ref and the commit are taken from: workflow or git [default: workflow].
    #[arg(long, value_name = "SOURCE")]
    context: Option<String>,
}

impl Flags {
    /// The inputs; `image` is what the CI system proposes where none is named.
    pub(crate) fn inputs(&self, variables: &Variables, image: Option<&str>) -> RawInputs {
        let list = |flags: &[String], name: &str| {
            if flags.is_empty() { input(variables, name).to_owned() } else { flags.join("\n") }
        };
        let text = |flag: &Option<String>, name: &str| flag.as_deref().unwrap_or(input(variables, name)).to_owned();
        let mut inputs = RawInputs {
            images: list(&self.images, "images"),
            tags: list(&self.tags, "tags"),
            flavor: list(&self.flavor, "flavor"),
            labels: list(&self.labels, "labels"),
            annotations: list(&self.annotations, "annotations"),
            sep_tags: text(&self.sep_tags, "sep-tags"),
            sep_labels: text(&self.sep_labels, "sep-labels"),
            sep_annotations: text(&self.sep_annotations, "sep-annotations"),
            bake_target: text(&self.bake_target, "bake-target"),
        };
        if inputs.images.trim().is_empty() {
            inputs.images = image.unwrap_or_default().to_owned();
        }
        inputs
    }

    /// The input `context`.
    pub(crate) fn context<'a>(&'a self, variables: &'a Variables) -> &'a str {
        let name = self.context.as_deref().unwrap_or(input(variables, "context")).trim();
        if name.is_empty() { "workflow" } else { name }
    }
}

/// The variable of an input. A runner keeps the `-` of its name, which no shell can write; `_` is taken as well.
pub(crate) fn input<'v>(variables: &'v Variables, name: &str) -> &'v str {
    let name = format!("INPUT_{}", name.to_uppercase());
    let value = variables.raw(&name).or_else(|| variables.raw(&name.replace('-', "_")));
    value.unwrap_or_default()
}
