//! A token server that docker-registry believes (distribution, "Token Authentication Specification"): it signs what its
//! users may do, and keeps a list of what it was asked for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Authority, Settings};

const ISSUER: &str = "the issuer";
const SERVICE: &str = "the registry";
/// docker-registry 2 takes tokens for so long after they have expired.
const LEEWAY: u64 = 60;

/// Who may do what. The user without a name is everybody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    pub(crate) name: &'static str,
    pub(crate) password: &'static str,
    /// Repositories, each with the actions that are allowed there.
    pub(crate) may: &'static [(&'static str, &'static [&'static str])],
}

/// A request for a token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked {
    pub(crate) user: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) status: u16,
}

/// It ends with the test that started it.
pub(crate) struct TokenServer {
    address: SocketAddr,
    state: Arc<State>,
    accepting: Option<JoinHandle<()>>,
}

struct State {
    authority: Authority,
    users: Vec<User>,
    /// How long the registry takes a token.
    life: Duration,
    /// How long the client is told that it does.
    said: Duration,
    /// Refuses where not all can be granted, rather than granting less.
    strict: bool,
    asked: Mutex<Vec<Asked>>,
    stop: AtomicBool,
}

impl TokenServer {
    /// Tokens of a minute, which grant what the user may of what was asked for.
    pub(crate) fn start(users: &[User]) -> Self {
        Self::with(users, Duration::from_secs(60), Duration::from_secs(60), false)
    }

    /// Tokens that the registry takes for `life`, while the client is told `said`.
    pub(crate) fn short_lived(users: &[User], life: Duration, said: Duration) -> Self {
        Self::with(users, life, said, false)
    }

    /// Tokens for all that was asked for, or none.
    pub(crate) fn strict(users: &[User]) -> Self {
        Self::with(users, Duration::from_secs(60), Duration::from_secs(60), true)
    }

    fn with(users: &[User], life: Duration, said: Duration, strict: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (authority, users) = (Authority::new(ISSUER), users.to_vec());
        let (asked, stop) = (Mutex::default(), AtomicBool::new(false));
        let state = Arc::new(State { authority, users, life, said, strict, asked, stop });
        let (address, shared) = (listener.local_addr().unwrap(), Arc::clone(&state));
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stop.load(Ordering::SeqCst) {
                    break;
                }
                let state = Arc::clone(&shared);
                std::thread::spawn(move || stream.and_then(|stream| state.serve(&stream)));
            }
        });
        Self { address, state, accepting: Some(accepting) }
    }

    /// What makes docker-registry ask for tokens of this server.
    pub(crate) fn settings(&self) -> Settings {
        let sections = format!(
            "auth:\n  token:\n    realm: http://{}/token\n    service: {SERVICE}\n    issuer: {ISSUER}\n    \
             rootcertbundle: DIR/issuer.pem\n",
            self.address
        );
        let files = vec![("issuer.pem", self.state.authority.certificate())];
        Settings { sections, files, ..Settings::default() }
    }

    /// All requests so far, oldest first.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// A token for this user, past the list.
    pub(crate) fn token(&self, user: &str, scope: &str) -> String {
        let user = self.state.users.iter().find(|known| known.name == user).unwrap();
        self.state.token(user, &[scope.to_owned()]).unwrap()
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::SeqCst);
        // Wakes it, so that it sees.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

impl State {
    /// One request, `GET /token?service=…&scope=…` with a password or `POST /token` with a form (OAuth2).
    fn serve(&self, stream: &TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        let header = |name: &str| {
            let split = |line: &String| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
            lines.iter().filter_map(split).find(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        let mut body = vec![0; header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0)];
        reader.read_exact(&mut body)?;
        let first = lines.first().cloned().unwrap_or_default();
        let target = first.split(' ').nth(1).unwrap_or_default();
        let query = target.split_once('?').map_or("", |(_, query)| query).as_bytes();
        let given: Vec<(String, String)> = url::form_urlencoded::parse(query)
            .chain(url::form_urlencoded::parse(&body))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let (status, document) = self.answer(target, &given, header("authorization").as_deref());
        let document = document.to_string();
        let mut stream = stream;
        write!(
            stream,
            "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{document}",
            document.len()
        )
    }

    fn answer(&self, target: &str, given: &[(String, String)], authorization: Option<&str>) -> (u16, Value) {
        let all = |name: &'static str| given.iter().filter(move |(held, _)| held == name).map(|(_, value)| value);
        let scopes: Vec<String> = all("scope").flat_map(|scope| scope.split(' ')).map(str::to_owned).collect();
        let refresh = all("refresh_token").next();
        let user = self.users.iter().find(|user| match (authorization, refresh) {
            (Some(header), _) => {
                header == format!("Basic {}", STANDARD.encode(format!("{}:{}", user.name, user.password)))
            }
            (None, Some(token)) => *token == format!("refresh-{}", user.name),
            (None, None) => user.name.is_empty(),
        });
        let (status, document) = match user {
            _ if !target.starts_with("/token") => (404, json!({})),
            _ if all("service").next().is_none_or(|service| service != SERVICE) => {
                (400, json!({ "details": "service" }))
            }
            None => (401, json!({ "details": "incorrect username or password" })),
            Some(user) => match self.token(user, &scopes) {
                Some(token) => (200, json!({ "token": token, "expires_in": self.said.as_secs() })),
                None => (403, json!({ "details": "not all of that" })),
            },
        };
        let user = user.map_or("?", |user| user.name).to_owned();
        self.asked.lock().unwrap().push(Asked { user, scopes, status });
        (status, document)
    }

    /// A token for what is both asked for and allowed.
    fn token(&self, user: &User, scopes: &[String]) -> Option<String> {
        let mut access = Vec::new();
        for scope in scopes {
            let mut parts = scope.splitn(3, ':');
            let (kind, name, actions) = (parts.next()?, parts.next()?, parts.next()?);
            let allowed = user.may.iter().find(|(repository, _)| *repository == name).map_or(&[][..], |(_, may)| may);
            let (granted, refused): (Vec<_>, Vec<_>) = actions.split(',').partition(|action| allowed.contains(action));
            if self.strict && !refused.is_empty() {
                return None;
            }
            access.push(json!({ "type": kind, "name": name, "actions": granted }));
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        Some(self.authority.token(&json!({
            "iss": ISSUER, "sub": user.name, "aud": SERVICE, "jti": format!("{now}"), "access": access,
            "iat": now, "nbf": now - LEEWAY, "exp": now + self.life.as_secs() - LEEWAY,
        })))
    }
}
