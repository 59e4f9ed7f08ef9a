//! Authentication: from a challenge to the header that answers it.
//!
//! Nothing is sent before the registry asks. Then its challenge says how: Basic, with the credentials themselves, or a
//! bearer token from the token server that it names. The provider of credentials and the token server are asked once for
//! all callers who need the same (`slot.rs`), and again where what they gave is old or refused.

mod access;
pub(super) mod challenge;
mod exchange;
mod expired;
pub(super) mod grant;
mod shared;
mod slot;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use lockage_tagging::Repository;
use reqwest::header::{HeaderMap, HeaderValue};

pub(super) use access::Access;
pub(super) use challenge::says_invalid;
pub(super) use expired::may_have_expired;
#[cfg(feature = "cloud")]
pub(crate) use shared::copy_of;

use super::host::HostState;
use super::{Credentials, Login, Secret};
use crate::{Error, ErrorKind, Result};
use access::{Scope, covers};
use challenge::{Challenge, Scheme};
use exchange::Renewed;
use slot::{Held, Slot};

/// After how long the provider is asked again for what it gave.
const ASK_AGAIN: Duration = Duration::from_secs(300);
/// After how long it is asked again where it had nothing: somebody may log in meanwhile.
const ASK_AGAIN_FOR_NOTHING: Duration = Duration::from_secs(30);

/// What one registry wants, and the headers that it has been shown.
#[derive(Default)]
pub(super) struct Tokens {
    /// What the registry asked for last; `None` until it asked.
    challenge: Mutex<Option<Challenge>>,
    slots: Mutex<HashMap<Repository, Slots>>,
    renewed: Renewed,
}

/// What is held for one repository.
#[derive(Default)]
struct Slots {
    basic: Arc<Slot>,
    /// One for each set of scopes.
    bearer: Vec<(Vec<Scope>, Arc<Slot>)>,
}

/// A header that was sent, so that it can be told whether it was the one that was refused.
#[derive(Clone)]
pub(super) struct Authorization {
    pub(super) header: HeaderValue,
    scheme: Scheme,
    held: Arc<Held>,
}

impl Tokens {
    /// The header for `access`, or `None` while the registry has not asked for any, where there are no credentials, and
    /// where there are none but those that were refused a moment ago.
    pub(super) async fn authorization(&self, host: &HostState, access: &Access) -> Result<Option<Authorization>> {
        let challenge = self.challenge.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(challenge) = challenge else { return Ok(None) };
        let slot = self.slot(access, challenge.scheme);
        let ready = slot.ready(Instant::now()).or_else(|| self.wider(access, challenge.scheme, &slot));
        let held = match (ready, challenge.scheme) {
            (Some(held), _) => Some(held),
            (None, Scheme::Basic) => slot.get(Instant::now, || login(host, access)).await?,
            (None, Scheme::Bearer) => slot.get(Instant::now, || self.token(host, access, &challenge)).await?,
        };
        Ok(held.and_then(|held| {
            Some(Authorization { header: held.header.clone()?, scheme: challenge.scheme, held: Arc::clone(&held) })
        }))
    }

    /// Takes note of a 401: what the registry asks for, and that `refused` is no good.
    ///
    /// Returns false where nothing new can be tried; else [`authorization`](Self::authorization) tells what.
    pub(super) fn learn(&self, headers: &HeaderMap, access: &Access, refused: Option<&Authorization>) -> bool {
        let Some(challenge) = challenge::parse(headers) else { return false };
        match refused {
            Some(refused) if says_invalid(headers) => self.ended(access, refused),
            Some(refused) => self.expired(access, refused),
            None => {}
        }
        *self.challenge.lock().unwrap_or_else(PoisonError::into_inner) = Some(challenge);
        true
    }

    /// Takes note that `refused` is no good any more, where the registry did not say so by 401.
    pub(super) fn expired(&self, access: &Access, refused: &Authorization) {
        self.slot(access, refused.scheme).refuse(&refused.header, Instant::now());
    }

    /// Takes note that `refused` is no good for anybody. The slot that holds it may be that of a wider access; the own one
    /// then keeps in mind which of its own was refused.
    fn ended(&self, access: &Access, refused: &Authorization) {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let held = slots.get(&access.repository).map(|slots| slots.bearer.iter()).into_iter().flatten();
        let holder = held.map(|(_, slot)| Arc::clone(slot)).find(|slot| slot.holds(&refused.header));
        drop(slots);
        match holder {
            Some(slot) => slot.refuse(&refused.header, Instant::now()),
            None => self.expired(access, refused),
        }
    }

    fn slot(&self, access: &Access, scheme: Scheme) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slots = slots.entry(access.repository.clone()).or_default();
        if scheme == Scheme::Basic {
            return Arc::clone(&slots.basic);
        }
        if let Some((_, slot)) = slots.bearer.iter().find(|(scopes, _)| *scopes == access.scopes) {
            return Arc::clone(slot);
        }
        let slot = Arc::<Slot>::default();
        slots.bearer.push((access.scopes.clone(), Arc::clone(&slot)));
        slot
    }

    /// A token that was got for more than `access`. Where its server granted less than it was asked for, the registry
    /// refuses it, `own` takes note, and one is got for `access` alone.
    fn wider(&self, access: &Access, scheme: Scheme, own: &Slot) -> Option<Arc<Held>> {
        if scheme == Scheme::Basic {
            return None;
        }
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let wider = slots.get(&access.repository)?.bearer.iter().filter(|(scopes, _)| covers(scopes, &access.scopes));
        wider.filter_map(|(_, slot)| slot.ready(Instant::now())).find(|held| !own.rejects(held))
    }

    async fn token(&self, host: &HostState, access: &Access, challenge: &Challenge) -> Result<Held> {
        let credentials = host.credentials.credentials(&access.repository).await?;
        // The clock starts before the token server is asked, so that a slow answer is not used for too long.
        let now = Instant::now();
        if let Some(Login::Bearer(token)) = credentials.as_ref().map(|c| &c.login) {
            return Ok(Held::new(Some(bearer(token)?), now, ASK_AGAIN).of(credentials.as_ref()));
        }
        let grant = exchange::token(host, access, challenge, credentials.as_ref(), &self.renewed).await?;
        Ok(Held::new(Some(bearer(&grant.token)?), now, grant.life).of(credentials.as_ref()))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl Authorization {
    /// Where the login comes from; `None` for a token that was given to somebody without one.
    pub(super) fn origin(&self) -> Option<&str> {
        self.held.origin.as_deref()
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// The credentials themselves, as a header.
async fn login(host: &HostState, access: &Access) -> Result<Held> {
    let credentials = host.credentials.credentials(&access.repository).await?;
    let now = Instant::now();
    match &credentials {
        None => Ok(Held::new(None, now, ASK_AGAIN_FOR_NOTHING)),
        Some(Credentials { login: Login::Password { username, password }, .. }) => {
            Ok(Held::new(Some(basic(username, password)?), now, ASK_AGAIN).of(credentials.as_ref()))
        }
        Some(Credentials { login: Login::IdentityToken(_) | Login::Bearer(_), origin }) => {
            Err(Error::new(ErrorKind::Credentials, "log in to", access.repository.host())
                .with_message(format_args!("it wants a user name and password, and {origin} has a token")))
        }
    }
}

fn basic(username: &str, password: &Secret) -> Result<HeaderValue> {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{}", password.expose()));
    sensitive(format!("Basic {pair}"))
}

fn bearer(token: &Secret) -> Result<HeaderValue> {
    sensitive(format!("Bearer {}", token.expose()))
}

fn sensitive(text: String) -> Result<HeaderValue> {
    let mut header = HeaderValue::try_from(text).map_err(|_| {
        Error::new(ErrorKind::Credentials, "use", "a token").with_message("it holds characters that no header may")
    })?;
    header.set_sensitive(true);
    Ok(header)
}
