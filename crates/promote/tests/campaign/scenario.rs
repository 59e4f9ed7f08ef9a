//! Scenario: what a seed means, and how that is said in words.

use std::fmt;

use lockage_promote::Side;

use crate::class::Class;
use crate::dice::Dice;
use crate::gremlin::Level;
use crate::sort::Sort;

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) wire: Wire,
    pub(crate) way: Way,
    pub(crate) source: Kind,
    pub(crate) target: Kind,
    /// Whether the target's tag holds another image.
    pub(crate) former: bool,
    /// Whether others have attached something at the target.
    pub(crate) foreign: bool,
    pub(crate) expects_current: bool,
    pub(crate) concurrency: usize,
    pub(crate) again: Again,
}

/// Where the faults are.
#[derive(Clone, Debug)]
pub(crate) enum Wire {
    /// In the ports: one call in so many, so many in all; with or without a layer that retries.
    Ports {
        one_in: u64,
        most: usize,
        retried: bool,
    },
    Http {
        level: Level,
        manners: Manners,
        storage: bool,
        fresh_client: bool,
    },
}

/// What the client takes the registries for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    Usual,
    /// They take no large PUT.
    Patch,
    /// Nor do they tell by a mount whether a blob is there.
    HeadAndPatch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    /// From one registry to another.
    Across,
    /// From one repository to another.
    Within,
    /// From one tag to another.
    Retag,
}

/// What a registry is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) on_disk: bool,
    /// Whether it refuses a manifest while something that it points at is missing.
    pub(crate) strict: bool,
    pub(crate) api: bool,
    pub(crate) mounts: bool,
    pub(crate) guard: Door,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Open,
    Basic,
    Bearer,
    /// Tokens live for so many milliseconds.
    Brief(u64),
}

/// What is done when the faults are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    Planned,
    /// The plan that was made under faults is applied.
    OldPlan,
    /// The same, after it was kept as a document.
    Document,
}

impl Scenario {
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "scenario");
        let dice = &mut dice;
        let way =
            *dice.pick(&[Way::Across, Way::Across, Way::Across, Way::Across, Way::Within, Way::Within, Way::Retag]);
        let ports = dice.one_in(4);
        let level = level(dice);
        let source = Kind::of(dice, ports, level);
        let target = if way == Way::Across { Kind::of(dice, ports, level) } else { source };
        let wire = if ports {
            let (one_in, most) =
                *dice.pick(&[(30, 1), (30, 1), (60, usize::MAX), (20, usize::MAX), (8, usize::MAX), (3, usize::MAX)]);
            Wire::Ports { one_in, most, retried: !dice.one_in(3) }
        } else {
            let (storage, fresh_client) = (dice.one_in(4), dice.one_in(2));
            Wire::Http {
                level,
                manners: *dice.pick(&[Manners::Usual, Manners::Usual, Manners::Patch, Manners::HeadAndPatch]),
                storage,
                fresh_client,
            }
        };
        let concurrency = *dice.pick(&[1, 2, 8]);
        Self {
            seed,
            wire,
            way,
            source,
            target,
            former: dice.one_in(2),
            foreign: way != Way::Retag && dice.one_in(3),
            expects_current: dice.one_in(4),
            concurrency,
            again: *dice.pick(&[Again::Planned, Again::OldPlan, Again::Document]),
        }
    }
}

fn level(dice: &mut Dice) -> Level {
    match dice.below(12) {
        0 | 1 => Level::Lone(usize::try_from(dice.below(60)).unwrap()),
        2 => Level::LoneOf(Class::BlobGet, usize::try_from(dice.below(6)).unwrap()),
        3 => Level::LoneOf(*dice.pick(&Class::ALL), usize::try_from(dice.below(4)).unwrap()),
        4 => Level::Some(50),
        5 | 6 => Level::Some(20),
        7 => Level::Some(8),
        8 | 9 => Level::Some(3),
        10 => {
            let (side, class) = (*dice.pick(&[Side::Source, Side::Target]), *dice.pick(&Class::ALL));
            Level::Stuck(side, class, *dice.pick(&Sort::of(class, false)))
        }
        _ => Level::Dies(usize::try_from(dice.below(70)).unwrap()),
    }
}

impl Kind {
    fn of(dice: &mut Dice, ports: bool, level: Level) -> Self {
        let on_disk = dice.one_in(12);
        let (api, mounts) = (ports || !dice.one_in(3), !dice.one_in(4));
        let guard = match dice.below(10) {
            0 => Door::Basic,
            1..=4 => Door::Bearer,
            5 if !level.is_lone() => Door::Brief(20 + dice.below(100)),
            _ => Door::Open,
        };
        Self { on_disk, strict: dice.one_in(2), api, mounts, guard: if ports { Door::Open } else { guard } }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.wire {
            Wire::Ports { one_in, most, retried } => {
                write!(f, "in the ports{}, one call in {one_in} fails", if *retried { " below a Retry" } else { "" })?;
                if *most < usize::MAX { write!(f, ", {most} in all") } else { Ok(()) }
            }
            Wire::Http { level, manners, storage, fresh_client } => {
                write!(f, "over HTTP, {level}")?;
                f.write_str(match manners {
                    Manners::Usual => "",
                    Manners::Patch => ", uploads by PATCH",
                    Manners::HeadAndPatch => ", blobs looked for by HEAD, uploads by PATCH",
                })?;
                f.write_str(if *storage { ", blobs kept elsewhere" } else { "" })?;
                f.write_str(if *fresh_client { ", then another client" } else { "" })
            }
        }?;
        match self.way {
            Way::Across => write!(f, "; from {} to {}", self.source, self.target),
            Way::Within => write!(f, "; from one repository to another of {}", self.target),
            Way::Retag => write!(f, "; from tag to tag in {}", self.target),
        }?;
        write!(f, "; the tag {}", if self.former { "holds another image" } else { "is new" })?;
        f.write_str(if self.foreign { ", others have attached something" } else { "" })?;
        f.write_str(if self.expects_current { ", what it holds is expected" } else { "" })?;
        write!(
            f,
            "; {} at once; then {}",
            self.concurrency,
            match self.again {
                Again::Planned => "planned anew",
                Again::OldPlan => "the same plan",
                Again::Document => "the same plan out of a document",
            }
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.on_disk { "a layout" } else { "memory" })?;
        f.write_str(if self.strict { "" } else { " that takes anything" })?;
        f.write_str(if self.api { "" } else { " without referrers" })?;
        f.write_str(if self.mounts { "" } else { " without mounts" })?;
        match self.guard {
            Door::Open => Ok(()),
            Door::Basic => f.write_str(" behind passwords"),
            Door::Bearer => f.write_str(" behind tokens"),
            Door::Brief(life) => write!(f, " behind tokens of {life} ms"),
        }
    }
}

impl Level {
    pub(crate) fn is_lone(self) -> bool {
        matches!(self, Self::Lone(_) | Self::LoneOf(..))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lone(at) => write!(f, "one fault, at request {at}"),
            Self::LoneOf(class, at) => write!(f, "one fault, at {class:?} {at}"),
            Self::Some(one_in) => write!(f, "a fault in one request of {one_in}"),
            Self::Stuck(side, class, sort) => write!(f, "every {class:?} at the {side} meets: {sort}"),
            Self::Dies(at) => write!(f, "all is cut from request {at} on"),
        }
    }
}
