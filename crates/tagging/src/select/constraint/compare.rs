//! Whether a version satisfies one term of a constraint.

use std::cmp::Ordering;

use semver::Version;

use super::{Depth, Operator, Term};
use crate::select::version::precedence;

impl Term {
    /// Whether `version` satisfies the term; whether it may be a pre-release is the alternative's business.
    pub(super) fn matches(&self, version: &Version) -> bool {
        let bound = &self.version;
        let order = precedence(version, bound);
        let major = version.major.cmp(&bound.major);
        let minor = major.then(version.minor.cmp(&bound.minor));
        match self.operator {
            Operator::Equal { .. } if self.depth == Depth::Patch => order.is_eq(),
            Operator::Equal { .. } | Operator::Tilde { .. } => order.is_ge() && self.same_line(major, minor),
            Operator::NotEqual => match self.depth {
                Depth::Major => major.is_ne(),
                Depth::Minor => minor.is_ne() || version.pre != bound.pre,
                // No wildcard but the one for everything: that one stands for 0.0.0.
                Depth::Nothing | Depth::Patch => order.is_ne(),
            },
            Operator::Greater => match self.depth {
                Depth::Major => major.is_gt(),
                Depth::Minor => minor.is_gt(),
                Depth::Nothing | Depth::Patch => order.is_gt(),
            },
            Operator::Less => order.is_lt(),
            Operator::GreaterOrEqual { .. } => order.is_ge(),
            Operator::LessOrEqual { .. } => match self.depth {
                Depth::Major => major.is_le(),
                Depth::Nothing | Depth::Minor => minor.is_le(),
                Depth::Patch => order.is_le(),
            },
            Operator::Caret => order.is_ge() && self.compatible(version, major, minor),
        }
    }

    /// The upper end of a tilde: the same minor line, or major line where no minor was written.
    fn same_line(&self, major: Ordering, minor: Ordering) -> bool {
        let zero = self.version.major == 0 && self.version.minor == 0 && self.version.patch == 0;
        match self.depth {
            Depth::Nothing => true,
            Depth::Major => major.is_eq(),
            Depth::Minor => minor.is_eq(),
            Depth::Patch => zero || minor.is_eq(),
        }
    }

    /// The upper end of a caret: the left-most number that is not zero stays.
    fn compatible(&self, version: &Version, major: Ordering, minor: Ordering) -> bool {
        if self.version.major > 0 || self.depth == Depth::Major {
            major.is_eq()
        } else if self.version.minor > 0 || self.depth == Depth::Minor {
            minor.is_eq()
        } else {
            minor.is_eq() && version.patch == self.version.patch
        }
    }
}
