//! From a request to its answer: the log, the interceptor, the endpoint.

use std::fmt;
use std::sync::Arc;

use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, EXPECT, HOST};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use lockage_tagging::Host;

use super::guard::{Caller, Door, TOKEN_PATH, needs};
use super::inbound::Inbound;
use super::log::Log;
use super::payload::Payload;
use super::query::Query;
use super::refusal::{self, Refusal};
use super::reply::Reply;
use super::route::Route;
use super::uploads::{self, Known, Sessions};
use super::{Fault, Intercept, blobs, manifests, referrers, tags};
use crate::Registry;

/// What all connections share.
pub(super) struct Shared {
    pub(super) registry: Arc<dyn Registry>,
    pub(super) host: Host,
    pub(super) log: Log,
    pub(super) intercept: Option<Intercept>,
    pub(super) sessions: Sessions,
    pub(super) known: Known,
    pub(super) door: Option<Door>,
}

/// A request, without the path that has led to its endpoint.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) query: Query,
    pub(super) body: Inbound,
    /// Who asks.
    pub(super) caller: Caller,
    headers: HeaderMap,
}

impl Asked {
    /// A header, where it is there and text.
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What it brings to be let in.
    pub(super) fn authorization(&self) -> Option<&str> {
        // What is no text is not known to anybody.
        self.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default())
    }

    /// The media type that the body is said to have.
    pub(super) fn content_type(&self) -> Option<&str> {
        self.header(&CONTENT_TYPE)
    }
}

/// The connection is closed in place of an answer.
#[derive(Debug)]
pub(super) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is closed without an answer")
    }
}

impl std::error::Error for Cut {}

pub(super) async fn handle(shared: &Shared, request: Request<Incoming>) -> Result<Response<Payload>, Cut> {
    let (mut head, body) = request.into_parts();
    let entry = shared.log.arrive(head.method.as_str(), logged(&head.uri));
    let fault = shared.intercept.as_ref().map_or(Fault::None, |intercept| intercept(entry.head()));
    match &fault {
        Fault::Cut => return Err(Cut),
        Fault::Delay(time) => tokio::time::sleep(*time).await,
        _ => {}
    }
    fault.misread(&mut head.headers);
    let waits = head.headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    let mut asked = Asked {
        query: Query::parse(head.uri.query()),
        body: Inbound::new(body, Arc::clone(&entry), waits, fault.upload_limit()),
        caller: Caller::Anybody,
        method: head.method,
        headers: head.headers,
    };
    let reply = match fault.instead(logged(&head.uri)) {
        Some(reply) => reply,
        None => perform(shared, &mut asked, &head.uri).await,
    };
    asked.body.drain().await;
    if fault == Fault::CutAfter || asked.body.is_broken() {
        return Err(Cut);
    }
    let mut response = reply.into_response(asked.method == Method::HEAD);
    fault.spoil(&mut response);
    entry.answered(response.status().as_u16());
    Ok(response.map(|payload| payload.counted(entry)))
}

/// What is logged of a request's target: not the secret of a client that writes it into the query.
fn logged(target: &Uri) -> &str {
    let secret = |query: &str| ["password=", "refresh_token="].iter().any(|name| query.contains(name));
    match target.path_and_query() {
        Some(_) if target.path() == TOKEN_PATH && target.query().is_some_and(secret) => target.path(),
        Some(whole) => whole.as_str(),
        None => "/",
    }
}

async fn perform(shared: &Shared, asked: &mut Asked, target: &Uri) -> Reply {
    let door = shared.door.as_ref();
    if let Some(door) = door.filter(|door| door.has_tokens() && target.path() == TOKEN_PATH) {
        let given = door.token(asked, target.query().unwrap_or_default()).await;
        return given.unwrap_or_else(|refusal| refusal.into_reply(&asked.method, &Route::Ping));
    }
    let Some(route) = Route::parse(target.path()) else {
        return refusal::refuse(StatusCode::NOT_FOUND, "UNSUPPORTED", "there is no such endpoint");
    };
    let reply = if route.methods().contains(&asked.method) {
        if let Some(door) = door {
            let authority = target.authority().map(Authority::as_str).or_else(|| asked.header(&HOST));
            match door.admit(asked.authorization(), authority, &needs(&route, &asked.method, &asked.query)) {
                Ok(caller) => asked.caller = caller,
                Err(refusal) => return refusal.into_reply(&asked.method, &route),
            }
        }
        endpoint(shared, asked, &route).await.unwrap_or_else(|refusal| refusal.into_reply(&asked.method, &route))
    } else {
        refusal::refuse(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "the endpoint does not have this method")
    };
    if reply.status() != StatusCode::METHOD_NOT_ALLOWED {
        return reply;
    }
    // Also where the endpoint has the method and the backend does not.
    let allowed = route.methods().iter().filter(|method| **method != asked.method).map(Method::as_str);
    reply.header(ALLOW, allowed.collect::<Vec<_>>().join(", "))
}

async fn endpoint(shared: &Shared, asked: &Asked, route: &Route) -> Result<Reply, Refusal> {
    let repository = |name: &str| refusal::repository(&shared.host, name);
    match route {
        Route::Ping => Ok(Reply::new(StatusCode::OK).json("application/json", &serde_json::json!({}))),
        Route::Manifest { name, reference } => manifests::answer(shared, asked, &repository(name)?, reference).await,
        Route::Blob { name, digest } => {
            blobs::answer(shared, asked, &repository(name)?, &refusal::digest(digest)?).await
        }
        Route::Uploads { name } => uploads::begin(shared, asked, &repository(name)?).await,
        Route::Upload { name, id } => uploads::answer(shared, asked, &repository(name)?, id).await,
        Route::Tags { name } => tags::answer(shared, asked, &repository(name)?).await,
        Route::Referrers { name, digest } => {
            referrers::answer(shared, asked, &repository(name)?, &refusal::digest(digest)?).await
        }
    }
}
