//! Gremlin: the interceptor of both servers, which decides by the seed what goes wrong with which request.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use lockage_promote::Side;
use lockage_registry::server::{Fault, Intercept, RequestHead, Server};

use crate::class::Class;
use crate::dice::Dice;
use crate::sort::Sort;

/// How much goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Level {
    /// One fault in the whole copy: at this request, or the first after it that can have one.
    Lone(usize),
    /// The same, at a request of this class.
    LoneOf(Class, usize),
    /// One request in so many.
    Some(u64),
    /// One class of requests at one side goes wrong each time in the same way, and little else.
    Stuck(Side, Class, Sort),
    /// From this request on every connection is cut.
    Dies(usize),
}

/// A fault that was met.
#[derive(Clone, Debug)]
pub(crate) struct Met {
    pub(crate) at: At,
    pub(crate) class: Class,
    pub(crate) sort: Sort,
    pub(crate) request: String,
    fault: Fault,
}

/// Which server was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum At {
    Registry(Side),
    /// Where the source keeps its blobs.
    Storage,
}

#[derive(Debug)]
pub(crate) struct Gremlin {
    seed: u64,
    level: Level,
    /// By hex digest.
    sizes: HashMap<String, u64>,
    calm: AtomicBool,
    state: Mutex<State>,
    servers: OnceLock<Vec<Weak<Server>>>,
}

#[derive(Debug, Default)]
struct State {
    arrived: usize,
    /// Of each class.
    arrived_of: HashMap<Class, usize>,
    times: HashMap<String, u64>,
    met: Vec<Met>,
    /// The first byte that a blob will be asked for next, where its last answer broke off.
    rest: HashMap<String, u64>,
}

/// What a server of a scenario is like.
#[derive(Clone, Debug)]
pub(crate) struct Ways {
    pub(crate) at: At,
    pub(crate) api: bool,
    pub(crate) guarded: bool,
    /// Where some of the blobs are, as a host.
    pub(crate) storage: Option<String>,
}

impl Gremlin {
    pub(crate) fn new(seed: u64, level: Level, sizes: HashMap<String, u64>) -> Arc<Self> {
        let (calm, state, servers) = (AtomicBool::new(false), Mutex::default(), OnceLock::new());
        Arc::new(Self { seed, level, sizes, calm, state, servers })
    }

    pub(crate) fn intercept(self: &Arc<Self>, ways: Ways) -> Intercept {
        let this = Arc::clone(self);
        Arc::new(move |head| this.decide(&ways, head))
    }

    /// Whose tokens it can revoke.
    pub(crate) fn may_revoke(&self, servers: &[&Arc<Server>]) {
        self.servers.set(servers.iter().map(|server| Arc::downgrade(server)).collect()).unwrap();
    }

    /// From now on nothing goes wrong.
    pub(crate) fn stop(&self) {
        self.calm.store(true, Ordering::SeqCst);
    }

    pub(crate) fn met(&self) -> Vec<Met> {
        self.state.lock().unwrap().met.clone()
    }

    fn decide(&self, ways: &Ways, head: &RequestHead) -> Fault {
        match self.wrong(ways, head) {
            Some(fault) => fault,
            None if !ways.api && head.method == "GET" && head.path.contains("/referrers/") => {
                Fault::Answer { status: 404, code: "NOT_FOUND".to_owned(), retry_after: None }
            }
            None => Fault::None,
        }
    }

    fn wrong(&self, ways: &Ways, head: &RequestHead) -> Option<Fault> {
        let mut class = Class::of(&head.method, &head.path)?;
        if self.calm.load(Ordering::SeqCst) {
            return None;
        }
        let mut state = self.state.lock().unwrap();
        let nth = state.arrived;
        state.arrived += 1;
        let name = name(ways.at, head);
        let times = state.times.entry(name.clone()).or_default();
        // By the request and how often it came, not by the order of arrival: scheduling changes little.
        let mut dice = Dice::new(self.seed, &format!("{name} {times}"));
        *times += 1;
        let digest = head.path.rfind("sha256:").or(head.path.rfind("sha256%3A"));
        let digest = digest
            .and_then(|at| head.path[at..].trim_start_matches("sha256:").trim_start_matches("sha256%3A").get(..64));
        let size = digest.filter(|_| head.path.contains("/blobs/")).and_then(|digest| self.sizes.get(digest).copied());
        let from = match class {
            Class::BlobGet => digest.and_then(|digest| state.rest.remove(digest)).unwrap_or(0),
            _ => 0,
        };
        if from > 0 {
            class = Class::BlobRest;
        }
        let of_class = state.arrived_of.entry(class).or_default();
        let nth = if matches!(self.level, Level::LoneOf(..)) { *of_class } else { nth };
        *of_class += 1;
        let sort = self.sort(ways, class, nth, &state, &mut dice);
        let sort =
            sort.or((class == Class::BlobGet && ways.storage.is_some() && dice.one_in(3)).then_some(Sort::Elsewhere))?;
        let sort = match sort {
            // There is nothing to be cut in nothing.
            Sort::Reset | Sort::CleanEnd | Sort::Corrupt | Sort::CutUpload if size == Some(0) => Sort::CutBefore,
            sort => sort,
        };
        let fault = sort.fault(&mut dice, size, from, ways.storage.as_deref());
        match (&fault, digest) {
            (Fault::Truncate(sent) | Fault::Shorten(sent), Some(digest))
                if matches!(class, Class::BlobGet | Class::BlobRest) && from + sent > 0 =>
            {
                state.rest.insert(digest.to_owned(), from + sent);
            }
            // It will ask for the same again.
            (
                Fault::Cut | Fault::CutAfter | Fault::Answer { .. } | Fault::RetryAt { .. } | Fault::Redirect(_),
                Some(digest),
            ) if from > 0 => {
                state.rest.insert(digest.to_owned(), from);
            }
            _ => {}
        }
        let request = format!("{} {}", head.method, head.path);
        state.met.push(Met { at: ways.at, class, sort, request, fault: fault.clone() });
        drop(state);
        if sort == Sort::TokensEnd {
            self.servers
                .get()
                .into_iter()
                .flatten()
                .filter_map(Weak::upgrade)
                .for_each(|server| server.revoke_tokens());
        }
        Some(fault).filter(|fault| *fault != Fault::None)
    }

    fn sort(&self, ways: &Ways, class: Class, nth: usize, state: &State, dice: &mut Dice) -> Option<Sort> {
        let faults = state.met.iter().filter(|met| met.sort != Sort::Elsewhere).count();
        let any = |dice: &mut Dice| *dice.pick(&Sort::of(class, ways.guarded));
        match self.level {
            Level::Lone(at) if faults == 0 => (nth >= at).then(|| any(dice)),
            Level::LoneOf(lone, at) if faults == 0 => (lone == class && nth >= at).then(|| any(dice)),
            // What comes only after a fault can go wrong only there.
            Level::Lone(_) | Level::LoneOf(..) => match class {
                _ if faults > 1 || dice.one_in(3) => None,
                Class::BlobRest => Some(*dice.pick(&[Sort::RangeIgnored, Sort::OtherPart, Sort::WrongContentRange])),
                Class::UploadGet => Some(Sort::WrongRange),
                _ => None,
            },
            // A link that was cut is a bad one.
            Level::Some(one_in) => {
                dice.one_in(if class == Class::BlobRest { one_in.min(2) } else { one_in }).then(|| any(dice))
            }
            Level::Stuck(side, stuck, sort) if stuck == class && ways.at == At::Registry(side) => Some(sort),
            Level::Stuck(..) => dice.one_in(40).then(|| any(dice)),
            Level::Dies(from) => (nth >= from).then_some(Sort::CutBefore),
        }
    }
}

/// What a request is called whatever the run: without the ids of uploads, and without ports.
fn name(at: At, head: &RequestHead) -> String {
    let path = match head.path.split_once("/blobs/uploads/") {
        Some((front, rest)) => match (rest.split_once('?'), rest.is_empty()) {
            (_, true) => format!("{front}/uploads"),
            (Some((_, query)), _) => format!("{front}/uploads?{query}"),
            (None, _) => format!("{front}/uploads/id"),
        },
        None if head.path.starts_with("/token") => "/token".to_owned(),
        None => head.path.clone(),
    };
    format!("{at:?} {} {path}", head.method)
}

impl fmt::Display for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = match self.at {
            At::Registry(side) => side.to_string(),
            At::Storage => "storage".to_owned(),
        };
        write!(f, "{at}: {}: {} ({:?})", self.request, self.sort, self.fault)
    }
}
