//! The machine that matches, backtracking, with JavaScript's meaning, as long as its budget lasts.

use super::{
    Flags, case,
    program::{Direction, Op, Program},
    set,
};

/// The budget is used up.
#[derive(Debug)]
pub(super) struct OutOfSteps;

/// Where the groups of a match begin and end.
pub(super) struct Spans(Vec<Option<usize>>);

impl Spans {
    pub(super) fn get(&self, group: usize) -> Option<(usize, usize)> {
        let place = |slot: usize| self.0.get(slot).copied().flatten();
        Some((place(group * 2)?, place(group * 2 + 1)?))
    }
}

/// What is undone when a way leads nowhere.
enum Entry {
    /// Goes on there instead.
    Choice {
        pc: usize,
        at: usize,
    },
    Slot {
        slot: usize,
        was: Option<usize>,
    },
    Turns {
        register: usize,
        was: Turns,
    },
}

/// How often a loop has turned, and where its last turn began.
#[derive(Clone, Copy, Default)]
struct Turns {
    count: u32,
    start: usize,
}

pub(super) struct Machine<'m> {
    program: &'m Program,
    flags: Flags,
    units: &'m [u32],
    steps: usize,
    slots: Vec<Option<usize>>,
    loops: Vec<Turns>,
    stack: Vec<Entry>,
}

impl<'m> Machine<'m> {
    pub(super) fn new(program: &'m Program, flags: Flags, units: &'m [u32], budget: usize) -> Self {
        Self {
            program,
            flags,
            units,
            steps: budget,
            slots: vec![None; program.groups * 2],
            loops: vec![Turns::default(); program.loops],
            stack: Vec::new(),
        }
    }

    /// The first match at or behind `from`, or with flag `y` only at it.
    pub(super) fn search(&mut self, from: usize) -> Result<Option<Spans>, OutOfSteps> {
        for start in from..=self.units.len() {
            self.slots.fill(None);
            self.stack.clear();
            self.spend(1 + self.slots.len() / 8)?;
            if let Some(end) = self.run(0, start)? {
                self.set_slot(0, Some(start));
                self.set_slot(1, Some(end));
                return Ok(Some(Spans(self.slots.clone())));
            }
            if self.flags.sticky {
                break;
            }
        }
        Ok(None)
    }

    pub(super) fn captures(&self, spans: &Spans) -> super::Captures {
        (0..self.program.groups).map(|group| spans.get(group).map(|(start, end)| self.text(start, end))).collect()
    }

    /// The text between two places. Half a character is not one.
    pub(super) fn text(&self, start: usize, end: usize) -> String {
        let units = self.units.get(start..end).unwrap_or_default();
        if self.flags.unicode {
            return units.iter().filter_map(|&unit| char::from_u32(unit)).collect();
        }
        let units: Vec<u16> = units.iter().filter_map(|&unit| u16::try_from(unit).ok()).collect();
        String::from_utf16_lossy(&units)
    }

    fn spend(&mut self, steps: usize) -> Result<(), OutOfSteps> {
        self.steps = self.steps.checked_sub(steps).ok_or(OutOfSteps)?;
        Ok(())
    }

    fn set_slot(&mut self, slot: usize, value: Option<usize>) {
        if let Some(place) = self.slots.get_mut(slot) {
            let was = std::mem::replace(place, value);
            self.stack.push(Entry::Slot { slot, was });
        }
    }

    fn set_turns(&mut self, register: usize, turns: Turns) {
        if let Some(place) = self.loops.get_mut(register) {
            let was = std::mem::replace(place, turns);
            self.stack.push(Entry::Turns { register, was });
        }
    }

    fn turns(&self, register: usize) -> Turns {
        self.loops.get(register).copied().unwrap_or_default()
    }

    /// Undoes what happened since the stack had `base` entries, or since a choice that is left.
    fn back(&mut self, base: usize, to_choice: bool) -> Option<(usize, usize)> {
        while self.stack.len() > base {
            match self.stack.pop()? {
                Entry::Choice { pc, at } if to_choice => return Some((pc, at)),
                Entry::Choice { .. } => {}
                Entry::Slot { slot, was } => {
                    if let Some(place) = self.slots.get_mut(slot) {
                        *place = was;
                    }
                }
                Entry::Turns { register, was } => {
                    if let Some(place) = self.loops.get_mut(register) {
                        *place = was;
                    }
                }
            }
        }
        None
    }

    /// Where a match ends that begins at `at` with the operation `pc`.
    fn run(&mut self, mut pc: usize, mut at: usize) -> Result<Option<usize>, OutOfSteps> {
        let program = self.program;
        let base = self.stack.len();
        loop {
            self.spend(1)?;
            let next = match program.ops.get(pc) {
                None | Some(Op::Match) => return Ok(Some(at)),
                Some(op) => self.step(op, pc, at)?,
            };
            match next.or_else(|| self.back(base, true)) {
                Some(place) => (pc, at) = place,
                None => return Ok(None),
            }
        }
    }

    /// Where it goes on behind `op`, if that matches.
    fn step(&mut self, op: &Op, pc: usize, at: usize) -> Result<Option<(usize, usize)>, OutOfSteps> {
        let go = Ok(Some((pc + 1, at)));
        match op {
            Op::Set(set, direction) => {
                let end = self.beside(at, *direction).filter(|&(unit, _)| set.contains(unit)).map(|(_, end)| end);
                Ok(end.map(|end| (pc + 1, end)))
            }
            Op::Split(first, second) => {
                self.stack.push(Entry::Choice { pc: *second, at });
                Ok(Some((*first, at)))
            }
            Op::Jump(target) => Ok(Some((*target, at))),
            Op::Save(slot) => {
                self.set_slot(*slot, Some(at));
                go
            }
            Op::Start => self.check(self.is_edge(at, Direction::Backward), pc, at),
            Op::End => self.check(self.is_edge(at, Direction::Forward), pc, at),
            Op::Word(negated) => {
                let word =
                    |direction| self.beside(at, direction).is_some_and(|(unit, _)| self.program.words.contains(unit));
                let edge = word(Direction::Backward) != word(Direction::Forward);
                self.check(edge != *negated, pc, at)
            }
            Op::LoopInit(register) => {
                self.set_turns(*register, Turns { count: 0, start: at });
                go
            }
            Op::LoopHead { register, min, max, greedy, exit } => {
                let count = self.turns(*register).count;
                if count < *min {
                    return go;
                }
                if max.is_some_and(|max| count >= max) {
                    return Ok(Some((*exit, at)));
                }
                let (first, second) = if *greedy { (pc + 1, *exit) } else { (*exit, pc + 1) };
                self.stack.push(Entry::Choice { pc: second, at });
                Ok(Some((first, at)))
            }
            Op::LoopBody { register, groups } => {
                let Turns { count, .. } = self.turns(*register);
                self.set_turns(*register, Turns { count, start: at });
                self.spend(groups.end.saturating_sub(groups.first))?;
                for slot in groups.first * 2..groups.end * 2 {
                    self.set_slot(slot, None);
                }
                go
            }
            Op::LoopEnd { register, min, head } => {
                let Turns { count, start } = self.turns(*register);
                // A turn that was not asked for has to get somewhere.
                if count >= *min && at == start {
                    return Ok(None);
                }
                self.set_turns(*register, Turns { count: count.saturating_add(1), start });
                Ok(Some((*head, at)))
            }
            Op::Look { negated, next } => {
                let base = self.stack.len();
                let found = self.run(pc + 1, at)?.is_some();
                if *negated {
                    self.back(base, false);
                } else {
                    // What was found stays, other ways to find it do not.
                    self.spend(self.stack.len() - base)?;
                    let kept = self.stack.split_off(base);
                    self.stack.extend(kept.into_iter().filter(|entry| !matches!(entry, Entry::Choice { .. })));
                }
                Ok((found != *negated).then_some((*next, at)))
            }
            Op::BackReference(group, direction) => {
                let Some(end) = self.repeated(*group, at, *direction)? else {
                    return Ok(None);
                };
                Ok(Some((pc + 1, end)))
            }
            Op::Match => Ok(None),
        }
    }

    fn check(&self, holds: bool, pc: usize, at: usize) -> Result<Option<(usize, usize)>, OutOfSteps> {
        Ok(holds.then_some((pc + 1, at)))
    }

    /// The unit beside a place, and the place behind it.
    fn beside(&self, at: usize, direction: Direction) -> Option<(u32, usize)> {
        let (index, end) = match direction {
            Direction::Forward => (at, at + 1),
            Direction::Backward => (at.checked_sub(1)?, at - 1),
        };
        Some((*self.units.get(index)?, end))
    }

    /// Whether the text, or with flag `m` a line, ends at a place.
    fn is_edge(&self, at: usize, direction: Direction) -> bool {
        match self.beside(at, direction) {
            None => true,
            Some((unit, _)) => self.flags.multiline && set::line_ends().contains(unit),
        }
    }

    /// Where what a group has matched ends, when it comes again. A group that has matched nothing matches nothing.
    fn repeated(&mut self, group: usize, at: usize, direction: Direction) -> Result<Option<usize>, OutOfSteps> {
        let place = |slot: usize| self.slots.get(slot).copied().flatten();
        let (Some(start), Some(end)) = (place(group * 2), place(group * 2 + 1)) else {
            return Ok(Some(at));
        };
        let length = end.saturating_sub(start);
        let (first, reached) = match direction {
            Direction::Forward => (Some(at), at + length),
            Direction::Backward => (at.checked_sub(length), at.saturating_sub(length)),
        };
        let again = first.and_then(|first| self.units.get(first..first + length));
        let (Some(again), Some(once)) = (again, self.units.get(start..end)) else {
            return Ok(None);
        };
        let same = |(&a, &b): (&u32, &u32)| a == b || self.flags.ignore_case && self.same(a, b);
        let holds = once.iter().zip(again).all(same);
        // Folding case without a table takes its time.
        self.spend(if self.flags.unicode && self.flags.ignore_case { length * 16 } else { length })?;
        Ok(holds.then_some(reached))
    }

    fn same(&self, a: u32, b: u32) -> bool {
        case::canonical(a, self.flags.unicode) == case::canonical(b, self.flags.unicode)
    }
}
