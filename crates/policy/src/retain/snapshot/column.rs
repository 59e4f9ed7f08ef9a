//! Columns of a table: one value a row, and no room for a column that nobody filled.

/// One value a row.
#[derive(Clone, Debug)]
pub(super) struct Column<T> {
    values: Vec<T>,
    absent: T,
}

impl<T: Copy + PartialEq> Column<T> {
    pub(super) fn new(absent: T) -> Self {
        Self { values: Vec::new(), absent }
    }

    pub(super) fn of(values: Vec<T>, absent: T) -> Self {
        Self { values, absent }
    }

    pub(super) fn get(&self, row: u32) -> T {
        self.values.get(row as usize).copied().unwrap_or(self.absent)
    }

    pub(super) fn set(&mut self, row: u32, value: T) {
        let row = row as usize;
        if row >= self.values.len() {
            if value == self.absent {
                return;
            }
            self.values.resize(row + 1, self.absent);
        }
        if let Some(old) = self.values.get_mut(row) {
            *old = value;
        }
    }

    /// The same rows in this order.
    pub(super) fn ordered(self, order: &[u32]) -> Self {
        if self.values.is_empty() {
            return self;
        }
        let values = order.iter().map(|row| self.get(*row)).collect();
        Self { values, absent: self.absent }
    }
}

/// From each row to any number of others.
#[derive(Clone, Debug, Default)]
pub(super) struct Edges {
    starts: Vec<u32>,
    ends: Vec<u32>,
}

impl Edges {
    /// The edges of `rows` rows, which `each` tells twice, in the same order.
    pub(super) fn new(rows: usize, each: impl Fn(&mut dyn FnMut(u32, u32))) -> Self {
        let mut starts = vec![0_u32; rows + 1];
        each(&mut |from, _| {
            if let Some(count) = starts.get_mut(from as usize + 1) {
                *count += 1;
            }
        });
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut ends = vec![0; sum as usize];
        let mut next = starts.clone();
        each(&mut |from, to| {
            if let Some(place) = next.get_mut(from as usize) {
                if let Some(end) = ends.get_mut(*place as usize) {
                    *end = to;
                }
                *place += 1;
            }
        });
        Self { starts, ends }
    }

    /// The same, those of each row in order and each once.
    pub(super) fn sorted(rows: usize, each: impl Fn(&mut dyn FnMut(u32, u32))) -> Self {
        let mut all = Self::new(rows, each);
        let mut twice = false;
        let mut rest = all.ends.as_mut_slice();
        for (start, end) in all.starts.iter().zip(all.starts.iter().skip(1)) {
            let Some((row, after)) = rest.split_at_mut_checked((end - start) as usize) else { break };
            row.sort_unstable();
            twice |= row.iter().zip(row.iter().skip(1)).any(|(one, other)| one == other);
            rest = after;
        }
        if !twice {
            return all;
        }
        let once = |each: &mut dyn FnMut(u32, u32)| {
            for row in 0..u32::try_from(rows).unwrap_or(u32::MAX) {
                let mut last = None;
                for to in all.of(row).iter().filter(|to| last.replace(**to) != Some(**to)) {
                    each(row, *to);
                }
            }
        };
        Self::new(rows, once)
    }

    pub(super) fn of(&self, row: u32) -> &[u32] {
        let at = |row: usize| self.starts.get(row).map(|start| *start as usize);
        match (at(row as usize), at(row as usize + 1)) {
            (Some(start), Some(end)) => self.ends.get(start..end).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// Many short texts in one.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    text: String,
    ends: Vec<u32>,
}

impl Texts {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Nothing where there is no room for it: they have 4 GiB together.
    pub(super) fn push(&mut self, text: &str) -> Option<u32> {
        let row = u32::try_from(self.ends.len()).ok()?;
        let end = u32::try_from(self.text.len().checked_add(text.len())?).ok()?;
        self.text.push_str(text);
        self.ends.push(end);
        Some(row)
    }

    pub(super) fn get(&self, row: u32) -> &str {
        let row = row as usize;
        let start = match row.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or_default(),
            None => 0,
        };
        let end = self.ends.get(row).copied().unwrap_or(start);
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The same texts in this order.
    pub(super) fn ordered(&self, order: &[u32]) -> Self {
        let mut all = Self { text: String::with_capacity(self.text.len()), ends: Vec::with_capacity(order.len()) };
        for row in order {
            all.push(self.get(*row));
        }
        all
    }
}
