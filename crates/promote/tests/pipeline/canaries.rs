//! Canaries that failed: they are on record, whether or not anybody goes back, and `previous` does not lead there.

use std::sync::{Arc, Mutex};

use lockage_promote::ledger::Kind;
use lockage_promote::pipeline::memory;
use lockage_promote::pipeline::step::{Step, StepContext, StepError, WatchError};
use lockage_promote::pipeline::{
    EdgeSpec, EnvironmentSpec, Graph, OrderProblem, PromoteError, Promoter, RollbackReceipt, RollbackTo,
};
use lockage_promote::{Against, Evidence};
use lockage_registry::Digest;

use crate::world::{World, built, digest, name, now, pass};

/// What a canary is going to see.
#[derive(Clone, Copy, Debug)]
enum Sight {
    Good,
    Bad,
    Nothing,
}

#[derive(Clone, Debug)]
struct Canary(Arc<Mutex<Sight>>);

#[async_trait::async_trait]
impl Step for Canary {
    fn id(&self) -> &str {
        "canary"
    }

    async fn run(&self, _: &StepContext<'_>) -> Result<Evidence, StepError> {
        let id = "canary".to_owned();
        match *self.0.lock().unwrap() {
            Sight::Good => Ok(Evidence::new("0.1 % errors")),
            Sight::Bad => Err(Box::new(WatchError::Failed { id, reasons: vec!["7 % errors".to_owned()] })),
            Sight::Nothing => Err(Box::new(WatchError::Blind { id, source: "no route".into() })),
        }
    }
}

struct Watched {
    world: World,
    sight: Arc<Mutex<Sight>>,
    promoter: Promoter,
}

impl Watched {
    fn new() -> Self {
        let (world, sight) = (World::new(), Arc::new(Mutex::new(Sight::Good)));
        let graph = Graph::builder()
            .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
            .environment(EnvironmentSpec::new("prod", "prod.example/{image}").pin("sha-{sha}").float("prod"))
            .edge(EdgeSpec::new("dev", "prod").after(Canary(Arc::clone(&sight))));
        let promoter = world.promoter_of(graph.build().unwrap());
        Self { world, sight, promoter }
    }

    /// Promotes the nth build, of which the canary is going to see this.
    async fn pass(&self, n: u64, sight: Sight) -> (Digest, Option<PromoteError>) {
        let image = built(&n.to_string().repeat(40), n);
        self.world.push(&image, &[&format!("pr-{n}")]).await;
        *self.sight.lock().unwrap() = sight;
        (digest(&image), pass(&self.promoter, &format!("pr:{n}"), "dev-prod").await.err())
    }

    async fn back(&self) -> Result<RollbackReceipt, PromoteError> {
        let (app, prod) = (name("app"), name("prod"));
        let plan = self.promoter.plan_rollback(&app, &prod, &RollbackTo::Previous, "latency", now()).await?;
        self.promoter.apply_rollback(self.promoter.clear_rollback(plan, now()).await?, now()).await
    }
}

#[tokio::test]
async fn a_canary_that_failed_is_on_record_and_previous_leads_past_it() {
    let watched = Watched::new();
    let (app, prod) = (name("app"), name("prod"));
    let (good, _) = watched.pass(1, Sight::Good).await;
    let (bad, _) = watched.pass(2, Sight::Bad).await;
    let told = watched.world.chronicle().await;
    let last = &told.entries().last().unwrap().entry;
    let Kind::Finish { evidence, .. } = &last.kind else { panic!("{last:?}") };
    assert_eq!((&last.digest, evidence[0].against), (&bad, Some(Against::Fail)));
    let running = memory::running(&told, &prod, now()).to_string();
    assert!(running.contains("FAIL  canary") && running.contains("7 % errors"), "{running}");
    let history = memory::history(&told, Some(&app), None).to_string();
    assert!(history.contains("canary failed: canary: 7 % errors"), "{history}");

    let (_, error) = watched.pass(3, Sight::Bad).await;
    let plan = watched.promoter.plan_rollback_after(&app, &prod, &error.unwrap(), now()).await.unwrap().unwrap();
    assert_eq!(plan.digest(), &good);
    assert_eq!(watched.back().await.unwrap().digest, good);
}

#[tokio::test]
async fn what_nobody_could_see_is_no_failure_and_what_is_good_the_second_time_is_good() {
    let watched = Watched::new();
    watched.pass(1, Sight::Good).await;
    let (unseen, error) = watched.pass(2, Sight::Nothing).await;
    assert!(error.is_some());
    let told = watched.world.chronicle().await.entries().len();
    let (_, none) = watched.pass(3, Sight::Good).await;
    assert!(none.is_none());
    assert_eq!(watched.back().await.unwrap().digest, unseen);
    assert_eq!(told, 5, "two promotions, and one that is finished");

    let watched = Watched::new();
    watched.pass(1, Sight::Good).await;
    watched.pass(2, Sight::Bad).await;
    let (second, error) = watched.pass(2, Sight::Good).await;
    assert!(error.is_none(), "a failed canary is watched again");
    watched.pass(3, Sight::Good).await;
    assert_eq!(watched.back().await.unwrap().digest, second);
}

/// Asked twice it goes back once, and says so; past what is denied it goes on.
#[tokio::test]
async fn previous_goes_back_once_and_past_what_is_denied() {
    let watched = Watched::new();
    let (app, prod) = (name("app"), name("prod"));
    let mut all = Vec::new();
    for n in 1..4 {
        all.push(watched.pass(n, Sight::Good).await.0);
    }
    assert_eq!(watched.back().await.unwrap().digest, all[1]);
    let entries = watched.world.chronicle().await.entries().len();
    match watched.back().await {
        Err(PromoteError::Order(problem @ OrderProblem::Back { .. })) => {
            assert!(
                problem.to_string().contains("rolled back to") && problem.to_string().contains("held"),
                "{problem}"
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(watched.world.chronicle().await.entries().len(), entries);
    // A part of it is denied, and with that it is.
    let part = built(&"2".repeat(40), 2).manifests[0].digest().clone();
    watched.promoter.deny(&app, &part.into(), None, "leaks", now()).await.unwrap();
    assert_eq!(watched.back().await.unwrap().digest, all[0]);
    assert_eq!(watched.world.held("prod", "prod").await, Some(all[0].clone()));
    assert!(watched.world.chronicle().await.held(&app, &prod, now()).is_some());
}
