//! What is done, and to which graph.

use proptest::prelude::*;

use super::IMAGES;

#[derive(Clone, Debug)]
pub(super) enum Op {
    /// An image is tagged where builds arrive; the tag may have held another.
    Build {
        image: usize,
        tag: usize,
    },
    Promote {
        edge: usize,
        by: By,
        race: bool,
    },
    Override {
        edge: usize,
        by: By,
        gates: u8,
    },
    Killed {
        edge: usize,
        by: By,
        nth: usize,
        after: bool,
    },
    /// A plan that is kept, to be applied whenever.
    Keep {
        edge: usize,
        by: By,
    },
    ApplyKept {
        which: usize,
    },
    Approve {
        edge: usize,
        by: By,
    },
    /// What is approved is promoted at once.
    Press {
        edge: usize,
        by: By,
    },
    /// Whoever can push attaches what approves one image to another.
    Replay {
        from: usize,
        to: usize,
    },
    Deny {
        image: usize,
        environment: Option<usize>,
    },
    Release {
        image: usize,
        environment: Option<usize>,
    },
    Hold {
        environment: usize,
    },
    EndHold {
        environment: usize,
    },
    /// Back to an image, or to what was there before; the registry may fail at some request.
    Rollback {
        environment: usize,
        to: Option<usize>,
        killed: Option<(usize, bool)>,
    },
    /// Somebody moves a tag past the pipeline.
    Meddle {
        environment: usize,
        image: usize,
    },
    Heal {
        environment: usize,
        killed: Option<(usize, bool)>,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    Tag(usize),
    Digest(usize),
    Current,
}

pub(super) fn by() -> impl Strategy<Value = By> {
    prop_oneof![(0..3_usize).prop_map(By::Tag), (0..IMAGES).prop_map(By::Digest), Just(By::Current)]
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    let edge = || 0..12_usize;
    let image = || 0..IMAGES;
    let killed = || prop::option::weighted(0.4, (0..20_usize, any::<bool>()));
    let somewhere = || prop::option::of(1..5_usize);
    prop_oneof![
        1 => (image(), 0..3_usize).prop_map(|(image, tag)| Op::Build { image, tag }),
        8 => (edge(), by(), any::<bool>()).prop_map(|(edge, by, race)| Op::Promote { edge, by, race }),
        2 => (edge(), by(), any::<u8>()).prop_map(|(edge, by, gates)| Op::Override { edge, by, gates }),
        3 => (edge(), by(), 0..45_usize, any::<bool>()).prop_map(|(edge, by, nth, after)| Op::Killed { edge, by, nth, after }),
        1 => (edge(), by()).prop_map(|(edge, by)| Op::Keep { edge, by }),
        1 => (0..4_usize).prop_map(|which| Op::ApplyKept { which }),
        9 => (edge(), by()).prop_map(|(edge, by)| Op::Approve { edge, by }),
        9 => (edge(), by()).prop_map(|(edge, by)| Op::Press { edge, by }),
        1 => (image(), image()).prop_map(|(from, to)| Op::Replay { from, to }),
        1 => (image(), somewhere()).prop_map(|(image, environment)| Op::Deny { image, environment }),
        2 => (image(), somewhere()).prop_map(|(image, environment)| Op::Release { image, environment }),
        1 => (1..5_usize).prop_map(|environment| Op::Hold { environment }),
        3 => (1..5_usize).prop_map(|environment| Op::EndHold { environment }),
        3 => (1..5_usize, prop::option::of(image()), killed())
            .prop_map(|(environment, to, killed)| Op::Rollback { environment, to, killed }),
        2 => (1..5_usize, image()).prop_map(|(environment, image)| Op::Meddle { environment, image }),
        2 => (1..5_usize, killed()).prop_map(|(environment, killed)| Op::Heal { environment, killed }),
    ]
}

/// How many environments; which edges there are beside the chain; which environments ask for all upstreams; which images
/// the edges like.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) environments: usize,
    pub(super) edges: Vec<bool>,
    pub(super) all: Vec<bool>,
    pub(super) luck: u64,
}

pub(super) fn shape() -> impl Strategy<Value = Shape> {
    let bools = |n: usize| prop::collection::vec(any::<bool>(), n);
    (2..5_usize, bools(16), bools(5), any::<u64>()).prop_map(|(environments, edges, all, luck)| Shape {
        environments,
        edges,
        all,
        luck,
    })
}
