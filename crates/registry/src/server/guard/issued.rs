//! `Issued`: the tokens that are good, each with what it is good for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::hash;
use super::rights::Grants;
use crate::{Error, ErrorKind, Result};

/// How many tokens of a kind are kept; then the one that would end first goes.
const MOST: usize = 10_000;

/// Tokens by their hashes, so that looking one up tells nothing of another by its time.
#[derive(Default)]
pub(super) struct Issued(Mutex<State>);

#[derive(Default)]
struct State {
    access: HashMap<[u8; 32], Access>,
    /// The users' names.
    refresh: HashMap<[u8; 32], String>,
}

struct Access {
    grants: Arc<Grants>,
    expires: Instant,
}

impl Issued {
    pub(super) fn issue(&self, grants: Grants, life: Duration, now: Instant) -> Result<String> {
        let token = random()?;
        let mut state = self.lock();
        state.access.retain(|_, access| access.expires > now);
        if state.access.len() >= MOST
            && let Some(first) = state.access.iter().min_by_key(|(_, access)| access.expires).map(|(hash, _)| *hash)
        {
            state.access.remove(&first);
        }
        // A life that no clock can count is long enough.
        let expires = now.checked_add(life).unwrap_or_else(|| now + Duration::from_secs(u64::from(u32::MAX)));
        state.access.insert(hash(&token), Access { grants: Arc::new(grants), expires });
        Ok(token)
    }

    /// What a token is good for, while it is.
    pub(super) fn grants(&self, token: &str, now: Instant) -> Option<Arc<Grants>> {
        let state = self.lock();
        let access = state.access.get(&hash(token)).filter(|access| access.expires > now)?;
        Some(Arc::clone(&access.grants))
    }

    /// A token for more tokens, which does not expire.
    pub(super) fn issue_refresh(&self, user: &str) -> Result<String> {
        let token = random()?;
        let mut state = self.lock();
        if state.refresh.len() >= MOST
            && let Some(any) = state.refresh.keys().next().copied()
        {
            state.refresh.remove(&any);
        }
        state.refresh.insert(hash(&token), user.to_owned());
        Ok(token)
    }

    /// Whose token it is.
    pub(super) fn refreshes(&self, token: &str) -> Option<String> {
        self.lock().refresh.get(&hash(token)).cloned()
    }

    pub(super) fn revoke(&self) {
        self.lock().access.clear();
    }

    pub(super) fn revoke_refresh(&self) {
        self.lock().refresh.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 256 bits from the system.
fn random() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Io, "make", "a token").with_message("the system has no randomness").with_source(error)
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_token_is_good_until_it_expires_or_is_revoked() {
        let (issued, now) = (Issued::default(), Instant::now());
        let second = Duration::from_secs(1);
        let (short, long) = (issued.issue(Grants::new(), second, now), issued.issue(Grants::new(), Duration::MAX, now));
        let (short, long) = (short.unwrap(), long.unwrap());
        assert_ne!(short, long);
        assert_eq!(short.len(), 43);
        assert!(issued.grants(&short, now).is_some());
        assert!(issued.grants(&short, now + second).is_none());
        assert!(issued.grants(&long, now + 1000 * second).is_some());
        assert!(issued.grants("", now).is_none());
        let refresh = issued.issue_refresh("robot").unwrap();
        issued.revoke();
        assert!(issued.grants(&long, now).is_none());
        assert_eq!(issued.refreshes(&refresh).as_deref(), Some("robot"));
        assert!(issued.refreshes(&long).is_none() && issued.grants(&refresh, now).is_none());
        issued.revoke_refresh();
        assert!(issued.refreshes(&refresh).is_none());
    }

    #[test]
    fn of_too_many_tokens_the_one_that_would_end_first_goes() {
        let (issued, now) = (Issued::default(), Instant::now());
        let first = issued.issue(Grants::new(), Duration::from_secs(9), now).unwrap();
        let last = (0..MOST).map(|_| issued.issue(Grants::new(), Duration::from_secs(10), now).unwrap()).last();
        assert!(issued.grants(&first, now).is_none());
        assert!(issued.grants(&last.unwrap(), now).is_some());
        assert_eq!(issued.lock().access.len(), MOST);
    }
}
