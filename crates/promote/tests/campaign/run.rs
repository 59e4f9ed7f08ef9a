//! Run: one copy through the faults of its seed, and what has to hold of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use lockage_promote::{CopyPlan, Error, ImageCopy, Receipt, Side};
use lockage_registry::testing::{Fault, Faulty, Operation, Seeded};
use lockage_registry::{
    Digest, DigestTagKind, ErrorKind, Host, Reference, Repository, Retry, Source, Status, Tag, TagOrDigest, Target,
};

use crate::check::{Before, Checked, Look};
use crate::dice::Dice;
use crate::freight::{self, Freight};
use crate::gremlin::{At, Gremlin, Level};
use crate::place::{Place, Store, client, impatient};
use crate::scenario::{Again, Door, Kind, Manners, Scenario, Way, Wire};
use crate::sort::{Class, Sort};
use crate::watch::{Errand, Watch};

/// No copy takes this long, however busy the machine is.
pub(crate) const LIMIT: Duration = Duration::from_secs(100);

/// What became of a copy in which everything held.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The error, by its side and kind; none for a success.
    pub(crate) error: Option<String>,
    /// The sorts of the faults that were met.
    pub(crate) faults: Vec<String>,
    pub(crate) classes: Vec<Class>,
    /// The tag had moved although the copy failed: its own answer was lost.
    pub(crate) moved_unheard: bool,
}

/// A copy, and everything that looks at it from outside.
struct World<'a> {
    scenario: &'a Scenario,
    errand: &'a Errand,
    target: &'a Store,
    watches: Vec<&'a Watch>,
}

/// The two sides as the copy has them.
#[derive(Clone, Copy)]
struct Ends<'a> {
    source: &'a dyn Source,
    target: &'a dyn Target,
    from: &'a Reference,
    to: &'a Reference,
}

struct Attempt {
    plan: Option<CopyPlan>,
    result: Result<Receipt, Error>,
}

pub(crate) async fn run(scenario: &Scenario) -> Checked<Told> {
    let errand = Arc::new(errand(scenario));
    let host: Host = "backend.test".parse().unwrap();
    let source = Store::new(scenario.source.on_disk, &host);
    let other = (scenario.way == Way::Across).then(|| Store::new(scenario.target.on_disk, &host));
    let target = other.as_ref().unwrap_or(&source);
    stock(scenario, &errand, &source, target).await;
    let watch = |store: &Store, kind: Kind| Watch::new(Arc::clone(&store.registry), kind.api, kind.mounts, &errand);
    let at_source = watch(&source, scenario.source);
    let at_target = other.as_ref().map(|store| watch(store, scenario.target));
    let world = World {
        scenario,
        errand: &errand,
        target,
        watches: [Some(&at_source), at_target.as_ref()].into_iter().flatten().collect(),
    };
    match scenario.wire {
        Wire::Ports { one_in, most, retried } => world.in_the_ports(one_in, most, retried).await,
        Wire::Http { level, manners, storage, fresh_client } => {
            world.over_http(level, manners, storage, fresh_client).await
        }
    }
}

fn errand(scenario: &Scenario) -> Errand {
    let mut dice = Dice::new(scenario.seed, "freight");
    let freight = Freight::new(&mut dice);
    let repository = |path: &str| format!("backend.test/{path}").parse::<Repository>().unwrap();
    let (from, to) = (repository("team/app"), repository("prod/app"));
    let mut attached = Vec::new();
    if scenario.foreign {
        let root = freight.root().descriptor();
        attached.push(freight::referrer(root, "application/vnd.example.foreign", &mut dice));
        attached.push(freight::cosign(&root.digest, DigestTagKind::Signature, &["foreign".to_owned()]));
    }
    let image = scenario.former.then(|| Freight::bare(&mut dice));
    Errand {
        freight,
        before: Before { image, attached },
        to: if scenario.way == Way::Retag { from.clone() } else { to },
        from,
        tag: "v1".parse().unwrap(),
        api: scenario.target.api,
    }
}

async fn stock(scenario: &Scenario, errand: &Errand, source: &Store, target: &Store) {
    errand.freight.hold(&*source.registry, &errand.from, &candidate(), scenario.source.api).await;
    if let Some(image) = &errand.before.image {
        image.hold(&*target.registry, &errand.to, &errand.tag, scenario.target.api).await;
    }
    for one in &errand.before.attached {
        one.hold(&*target.registry, &errand.to).await;
        if one.tag.is_none() && !scenario.target.api {
            freight::fallback(&*target.registry, &errand.to, &one.subject).await;
        }
    }
}

fn candidate() -> Tag {
    "candidate".parse().unwrap()
}

impl World<'_> {
    async fn in_the_ports(&self, one_in: u64, most: usize, retried: bool) -> Checked<Told> {
        let faults = Seeded::new(self.scenario.seed).one_in(one_in).at_most(most);
        let faulty = |watch: &Watch| Faulty::new(watch.clone()).script(faults.rule());
        let (source, target) = (faulty(self.watches[0]), self.watches.get(1).map(|watch| faulty(watch)));
        let target = target.as_ref().unwrap_or(&source);
        let retrying = |faulty: &Faulty<Watch>| Retry::new(faulty.clone(), impatient());
        let (below, above) = (retrying(&source), retrying(target));
        let (from, to) = (at(&self.errand.from, &candidate()), at(&self.errand.to, &self.errand.tag));
        let one = self.scenario.way != Way::Across;
        let ends = Ends {
            source: if retried { &below } else { &source },
            target: match (retried, one) {
                (true, true) => &below,
                (true, false) => &above,
                (false, _) => target,
            },
            from: &from,
            to: &to,
        };
        let first = self.attempt(ends).await?;
        let met = faults.met();
        faults.stop();
        let words: Vec<_> = met.iter().map(|(call, fault)| format!("{call}: {fault:?}")).collect();
        let lost = met.iter().any(|(call, fault)| {
            call.operation == Operation::PutManifest
                && call.what == self.errand.tag.as_str()
                && matches!(fault, Fault::After(_) | Fault::OtherDigest)
        });
        let told = async {
            let got_over = |fault: &Fault| match fault {
                Fault::Before(kind) | Fault::After(kind) => {
                    lockage_registry::Error::new(*kind, "", "").status() == Status::Temporary
                }
                Fault::Truncate(_) => true,
                _ => false,
            };
            if met.is_empty() || retried && met.len() == 1 && got_over(&met[0].1) {
                must_succeed(&first)?;
            }
            let moved_unheard = self.judge(&first, lost).await?;
            self.afterwards(ends, first.plan.as_ref()).await?;
            Ok(Told {
                error: first.result.as_ref().err().map(kind_of),
                faults: met.iter().map(|(_, fault)| port_sort(fault).to_owned()).collect(),
                classes: Vec::new(),
                moved_unheard,
            })
        };
        told.await.map_err(|why: String| explained(&why, &first, &words))
    }

    async fn over_http(&self, level: Level, manners: Manners, storage: bool, fresh_client: bool) -> Checked<Told> {
        let errand = self.errand;
        let all = errand.freight.blobs.iter().chain(errand.freight.attached.iter().flat_map(|one| &one.blobs));
        let sizes: HashMap<_, _> = all.map(|(blob, _)| (blob.digest.hex().to_owned(), blob.size)).collect();
        let gremlin = Gremlin::new(self.scenario.seed, level, sizes);
        let place = |nth: usize, kind, at, storage| Place::serve(self.watches[nth], kind, at, storage, &gremlin);
        let one = self.scenario.way != Way::Across;
        let side = if one { Side::Target } else { Side::Source };
        let source = place(0, self.scenario.source, At::Registry(side), storage).await;
        let other = match one {
            true => None,
            false => Some(place(1, self.scenario.target, At::Registry(Side::Target), false).await),
        };
        let target = other.as_ref().unwrap_or(&source);
        gremlin.may_revoke(&[&source.server, &target.server]);
        let (from, to) = (source.reference(&errand.from, &candidate()), target.reference(&errand.to, &errand.tag));
        let places: Vec<_> = [Some(&source), other.as_ref()].into_iter().flatten().collect();
        let first_client = client(&places, manners);
        let ends = Ends { source: &first_client, target: &first_client, from: &from, to: &to };

        let first = self.attempt(ends).await?;
        gremlin.stop();
        let met = gremlin.met();
        let words: Vec<_> = met.iter().map(ToString::to_string).collect();
        let of_tag = format!("PUT /v2/{}/manifests/{}", errand.to.path(), errand.tag);
        let lost =
            met.iter().any(|met| met.request == of_tag && matches!(met.sort, Sort::CutAfter | Sort::WrongDigest));
        let told = async {
            let felt = || met.iter().filter(|met| met.sort != Sort::Elsewhere);
            let lone = level.is_lone() || felt().count() == 0 && !self.is_brief();
            if lone && felt().all(|met| met.sort.is_got_over(met.class)) {
                must_succeed(&first)?;
            }
            if level.is_lone() && met.iter().any(|met| matches!(met.sort, Sort::OtherPart | Sort::WrongContentRange)) {
                must_not_splice(&first)?;
            }
            let moved_unheard = self.judge(&first, lost).await?;
            if self.is_brief() {
                self.elsewhere(&gremlin).await?;
            } else {
                let second = if fresh_client { &client(&places, manners) } else { &first_client };
                self.afterwards(Ends { source: second, target: second, ..ends }, first.plan.as_ref()).await?;
            }
            Ok(Told {
                error: first.result.as_ref().err().map(kind_of),
                faults: met.iter().map(|met| met.sort.to_string()).collect(),
                classes: met.iter().map(|met| met.class).collect(),
                moved_unheard,
            })
        };
        told.await.map_err(|why: String| explained(&why, &first, &words))
    }

    /// The same registries behind tokens that live on.
    async fn elsewhere(&self, gremlin: &Arc<Gremlin>) -> Checked {
        let place = |nth: usize, kind: Kind| {
            let kind = Kind { guard: Door::Bearer, ..kind };
            Place::serve(self.watches[nth], kind, At::Registry(Side::Target), false, gremlin)
        };
        let source = place(0, self.scenario.source).await;
        let target = place(self.watches.len() - 1, self.scenario.target).await;
        let one = self.scenario.way != Way::Across;
        let (errand, target) = (self.errand, if one { &source } else { &target });
        let (from, to) = (source.reference(&errand.from, &candidate()), target.reference(&errand.to, &errand.tag));
        let client = client(&[&source, target], Manners::Usual);
        self.afterwards(Ends { source: &client, target: &client, from: &from, to: &to }, None).await
    }

    fn is_brief(&self) -> bool {
        [self.scenario.source, self.scenario.target].iter().any(|kind| matches!(kind.guard, Door::Brief(_)))
    }

    fn copy<'e>(&self, ends: Ends<'e>) -> ImageCopy<'e> {
        let copy =
            ImageCopy::new(ends.source, ends.from).to(ends.target, ends.to).concurrency(self.scenario.concurrency);
        if !self.scenario.expects_current {
            return copy;
        }
        copy.expect_current(self.errand.before.image.as_ref().map(|image| image.root().digest().clone()))
    }

    async fn attempt(&self, ends: Ends<'_>) -> Checked<Attempt> {
        limited("the copy", async {
            let copy = self.copy(ends);
            match copy.plan().await {
                Ok(plan) => Attempt { result: copy.apply(&plan).await, plan: Some(plan) },
                Err(error) => Attempt { plan: None, result: Err(error) },
            }
        })
        .await
    }

    fn look(&self) -> Look<'_> {
        Look { registry: &*self.target.registry, repo: &self.errand.to, api: self.errand.api }
    }

    async fn held(&self) -> Checked<Option<Digest>> {
        self.look().tagged(&TagOrDigest::Tag(self.errand.tag.clone())).await
    }

    /// The tag holds what it held, or the whole new image. True where it moved and nobody was told.
    async fn judge(&self, first: &Attempt, lost: bool) -> Checked<bool> {
        let errand = self.errand;
        let root = errand.freight.root().digest();
        let (held, look) = (self.held().await?, self.look());
        let early: Vec<_> = self.watches.iter().flat_map(|watch| watch.wrong()).collect();
        if !early.is_empty() {
            return Err(format!("when the tag was written: {}", early.join("; ")));
        }
        let moved = held.as_ref() == Some(root);
        if moved {
            look.complete(&errand.freight, &errand.before).await.map_err(|e| format!("under the new tag: {e}"))?;
        }
        look.kept(&errand.before).await?;
        match &first.result {
            Ok(receipt) => {
                self.receipt(receipt)?;
                if moved { Ok(false) } else { Err(format!("it succeeded, and the tag holds {held:?}")) }
            }
            Err(_) if moved && lost => Ok(true),
            Err(_) if moved => Err("it failed, and the tag has moved".to_owned()),
            Err(_) if held.as_ref() == errand.before.image.as_ref().map(|image| image.root().digest()) => Ok(false),
            Err(_) => Err(format!("it failed, and the tag holds {held:?}")),
        }
    }

    fn receipt(&self, receipt: &Receipt) -> Checked {
        let (found, there) = (receipt.attachments().found().len(), self.errand.freight.attached.len());
        if receipt.digest() != self.errand.freight.root().digest() {
            return Err(format!("the receipt is for {}", receipt.digest()));
        }
        match self.scenario.way {
            Way::Retag => Ok(()),
            _ if found == there => Ok(()),
            _ => Err(format!("the receipt has {found} attachments, and there are {there}")),
        }
    }

    /// Without faults it completes: by the plan that was made, or planned anew.
    async fn afterwards(&self, ends: Ends<'_>, plan: Option<&CopyPlan>) -> Checked {
        let old = match (self.scenario.again, plan) {
            (Again::Planned, _) | (_, None) => None,
            (Again::OldPlan, Some(plan)) => Some(plan.clone()),
            (Again::Document, Some(plan)) => {
                let text = serde_json::to_string(plan).map_err(|e| e.to_string())?;
                Some(serde_json::from_str(&text).map_err(|e| e.to_string())?)
            }
        };
        match old {
            Some(plan) => {
                let again = limited("the same plan", async { self.copy(ends).apply(&plan).await }).await?;
                self.completed("the same plan", again).await
            }
            None => self.completed("the re-run", self.attempt(ends).await?.result).await,
        }
    }

    async fn completed(&self, what: &str, result: Result<Receipt, Error>) -> Checked {
        let result = result.map_err(|error| format!("{what}, without faults: {}", full(&error)))?;
        self.receipt(&result).map_err(|why| format!("{what}: {why}"))?;
        let held = self.held().await?;
        if held.as_ref() != Some(self.errand.freight.root().digest()) {
            return Err(format!("after {what} the tag holds {held:?}"));
        }
        let complete = self.look().complete(&self.errand.freight, &self.errand.before).await;
        complete.map_err(|why| format!("after {what}: {why}"))
    }
}

async fn limited<T>(what: &str, work: impl Future<Output = T>) -> Checked<T> {
    tokio::time::timeout(LIMIT, work).await.map_err(|_| format!("{what} hangs: nothing after {} s", LIMIT.as_secs()))
}

fn at(repo: &Repository, tag: &Tag) -> Reference {
    format!("{repo}:{tag}").parse().unwrap()
}

fn must_succeed(first: &Attempt) -> Checked {
    match &first.result {
        Ok(_) => Ok(()),
        Err(_) => Err("what it met is to be got over, and it failed".to_owned()),
    }
}

/// A part that is not the one that was asked for is refused as such. That its bytes do not fit would show later, too.
fn must_not_splice(first: &Attempt) -> Checked {
    let kind = first.result.as_ref().err().and_then(Error::port).map(lockage_registry::Error::kind);
    match kind {
        Some(ErrorKind::DigestMismatch | ErrorKind::SizeMismatch) => Err("a wrong part was taken".to_owned()),
        _ => Ok(()),
    }
}

/// The side and the kind.
fn kind_of(error: &Error) -> String {
    match (error, error.side(), error.port()) {
        (Error::Port { .. }, Some(side), Some(port)) => format!("{side}: {:?}", port.kind()),
        (Error::Moved { .. }, ..) => "target: tag is not what was expected".to_owned(),
        (Error::OtherDigest { .. }, ..) => "other digest".to_owned(),
        (other, ..) => format!("{other:?}"),
    }
}

fn port_sort(fault: &Fault) -> &'static str {
    match fault {
        Fault::Before(_) => "port: failure before",
        Fault::After(_) => "port: failure after",
        Fault::Truncate(_) => "port: reset",
        Fault::ShortEnd(_) => "port: short end",
        Fault::Corrupt => "port: corrupted bytes",
        Fault::OtherDigest => "port: other digest",
        _ => "port: other",
    }
}

fn full(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn explained(why: &str, first: &Attempt, met: &[String]) -> String {
    let ended = match &first.result {
        Ok(receipt) => format!("success, {receipt}"),
        Err(error) => full(error),
    };
    let met = met.iter().map(|met| format!("\n    {met}")).collect::<String>();
    format!("{why}\n  it ended in: {ended}\n  it met:{met}")
}
