//! Some of the signers and nobody else; and names under which nobody signs.

use super::{Member, Signers, SignersError};

impl Signers {
    /// Those of these names, and nobody else. Whom the name of a pattern stands for count by their own names, as they do here.
    ///
    /// Somebody who is not among them is still who they are: a subject that a pattern proves does not count where it reads like
    /// any name that is known here.
    ///
    /// # Errors
    /// [`SignersError::Unknown`]: a name that is nobody's.
    pub fn only<I: AsRef<str>>(&self, names: impl IntoIterator<Item = I>) -> Result<Self, SignersError> {
        let mut only = Self { now: self.now, taken: self.taken.clone(), ..Self::new() };
        only.taken.extend(self.members.keys().cloned());
        for name in names {
            let name = name.as_ref();
            let member = self.members.get(name).ok_or_else(|| SignersError::Unknown {
                name: name.to_owned(),
                known: self.names().map(str::to_owned).collect(),
            })?;
            if !only.members.contains_key(name) {
                only = only.with_member(name.to_owned(), member.clone())?;
            }
        }
        Ok(only)
    }

    /// Why nobody signs as `identity`, if that is so: whom a signature names is one of the names, or matches a pattern.
    pub(super) fn nobody_signs_as(&self, identity: &str) -> Option<String> {
        match self.members.get(identity) {
            Some(member) if member.is_pattern() => {
                return Some(format!("{identity} is a pattern, and those who match it sign by their own names"));
            }
            Some(_) => return None,
            None => {}
        }
        #[cfg(feature = "bundle")]
        {
            // One identity counts by its name, also where a pattern matches it.
            if let Some((name, ..)) = self.identities().find(|(_, one, _)| one.is_one() && one.reads(identity)) {
                return Some(format!("{identity} signs as {name}"));
            }
            if self.like(identity).is_none() && self.identities().any(|(_, pattern, _)| pattern.reads(identity)) {
                return None;
            }
        }
        Some(format!("there is no signer {identity}"))
    }

    /// The names under which somebody signs, and whom else patterns stand for, in one line.
    pub(super) fn who_signs(&self) -> String {
        let names = |patterns: bool| {
            let names = self.members.iter().filter(move |(_, member)| member.is_pattern() == patterns);
            names.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
        };
        match (names(false), names(true)) {
            (one, many) if one.is_empty() && many.is_empty() => "Name who may sign in [signers].".to_owned(),
            (one, many) if many.is_empty() => format!("There are: {one}."),
            (one, many) if one.is_empty() => format!("Write the subject of a certificate that {many} takes."),
            (one, many) => format!("There are: {one}; and the subjects of certificates that {many} takes."),
        }
    }
}

impl Member {
    /// Whether many may be meant.
    fn is_pattern(&self) -> bool {
        match self {
            Self::Key { .. } => false,
            #[cfg(feature = "bundle")]
            Self::Identity { identity, .. } => !identity.is_one(),
        }
    }
}
