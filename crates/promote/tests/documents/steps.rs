//! Steps of documents: named by edges, made by a factory, refused with their line.

use std::sync::Arc;

use lockage_promote::Evidence;
use lockage_promote::pipeline::documents::{
    BuiltIn, Document, Format, Parameters, StepFactories, StepFactory, TableProblem,
};
use lockage_promote::pipeline::step::{Moment, Step, StepContext, StepError};

const GRAPH: &str = "
[[environments]]
name = 'dev'
repository = 'dev.example/{image}'
[[environments]]
name = 'prod'
repository = 'prod.example/{image}'
[[edges]]
from = 'dev'
to = 'prod'
before = ['migrate', 'warm-up']
after = ['roll-out']
";

#[derive(Debug)]
struct Notes;

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    text: String,
}

#[async_trait::async_trait]
impl Step for Note {
    fn id(&self) -> &str {
        "note"
    }
    async fn run(&self, _: &StepContext<'_>) -> Result<Evidence, StepError> {
        Ok(Evidence::new(self.text.clone()))
    }
}

impl StepFactory for Notes {
    fn make(&self, _: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Step>, TableProblem> {
        match kind {
            "note" => Ok(Arc::new(parameters.read::<Note>()?)),
            _ => Err(TableProblem::unknown(kind, ["note"])),
        }
    }
}

#[test]
fn edges_name_steps_before_and_after_in_their_order() {
    let steps: String = ["migrate", "warm-up", "roll-out"]
        .map(|name| format!("[steps.{name}]\nkind = 'note'\ntext = '{name}'\n"))
        .concat();
    let document = Document::parse("lockage.toml", Format::Toml, &format!("{GRAPH}{steps}")).unwrap();
    let graph = document.graph_with(&BuiltIn::new(), &StepFactories::new().with(Notes)).unwrap();
    let edge = graph.edges().next().unwrap();
    let named = |moment| edge.steps(moment).map(|step| step.id().to_owned()).collect::<Vec<_>>();
    assert_eq!(named(Moment::Before), ["migrate", "warm-up"], "steps have the names of the document");
    assert_eq!(named(Moment::After), ["roll-out"]);
    let alone = document.graph(&BuiltIn::new()).unwrap_err();
    assert!(alone.to_string().contains("steps.migrate: there is no kind \"note\""), "{alone}");
}

#[test]
fn a_step_that_cannot_be_made_is_refused_with_its_line() {
    for (text, said, remedy) in [
        ("[steps.migrate]\nkind = 'shell'\n", "lockage.toml:13: steps.migrate: there is no kind \"shell\"", "note"),
        ("[steps.migrate]\ntext = 'x'\n", "lockage.toml:13: steps.migrate: it has no kind", "kind ="),
        (
            "[steps.migrate]\nkind = 'note'\ntxt = 'x'\n",
            "lockage.toml:13: steps.migrate: unknown field `txt`",
            "each kind",
        ),
        (
            "[steps.migrate]\nkind = 'note'\ntext = 'x'\n",
            "lockage.toml:8: edges: edge dev-prod: there is no step \"warm-up\"",
            "",
        ),
    ] {
        let read = Document::parse("lockage.toml", Format::Toml, &format!("{GRAPH}{text}"));
        let error = read.and_then(|document| document.graph_with(&BuiltIn::new(), &Notes).map(drop)).unwrap_err();
        assert!(error.to_string().starts_with(said), "{error}");
        assert!(error.remedy().contains(remedy), "{}", error.remedy());
    }
}
