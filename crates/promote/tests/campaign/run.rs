//! Run: one copy through the faults of its seed, and what has to hold of it.

use std::collections::HashMap;
use std::sync::Arc;

use lockage_promote::{Error, Side};
use lockage_registry::testing::{Fault, Faulty, Operation, Seeded};
use lockage_registry::{DigestTagKind, Host, Reference, Repository, Retry, Status, Tag};

use crate::check::{Before, Checked};
use crate::class::Class;
use crate::dice::Dice;
use crate::freight::{self, Freight};
use crate::gremlin::{At, Gremlin, Level};
use crate::judge::{Attempt, Ends, World, full, must_not_splice, must_succeed};
use crate::place::{Place, Store, client, impatient};
use crate::scenario::{Door, Kind, Manners, Scenario, Way, Wire};
use crate::sort::Sort;
use crate::watch::{Errand, Watch};

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

pub(crate) async fn run(scenario: &Scenario) -> Checked<Told> {
    let errand = Arc::new(errand(scenario));
    let host: Host = "backend.test".parse().unwrap();
    let source = Store::new(scenario.source, &host);
    let other = (scenario.way == Way::Across).then(|| Store::new(scenario.target, &host));
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
}

fn at(repo: &Repository, tag: &Tag) -> Reference {
    format!("{repo}:{tag}").parse().unwrap()
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

fn explained(why: &str, first: &Attempt, met: &[String]) -> String {
    let ended = match &first.result {
        Ok(receipt) => format!("success, {receipt}"),
        Err(error) => full(error),
    };
    let met = met.iter().map(|met| format!("\n    {met}")).collect::<String>();
    format!("{why}\n  it ended in: {ended}\n  it met:{met}")
}
