//! Files over HTTP, beside the socket so that a large one never delays a message.
//!
//! The committer decides who may; hashing and the disk are dealt with here, off its thread. It is asked by the head of a
//! request: nobody makes the relay read what it does not want.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{head, put};
use futures_util::StreamExt as _;
use homing_wire::{BlobId, Hash, SpaceId, limits};
use serde::Deserialize;

use super::http::App;
use crate::core::{BlobAnswer, BlobAsk, BlobRefusal};
use crate::metrics::add;

/// What the chunks that are here are told in.
const CHUNKS: HeaderName = HeaderName::from_static("x-homing-chunks");

/// What there is too little of.
const SHORT: HeaderName = HeaderName::from_static("x-homing-short");

/// Bytes of the hashes of the largest file.
const DECLARED: usize = 32 * limits::CHUNKS;

#[derive(Deserialize)]
struct Declared {
    space: String,
}

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/blobs/{id}", head(have).post(declare))
        .route("/v1/blobs/{id}/{index}", put(store).get(fetch))
}

async fn declare(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<Declared>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (Ok(blob), Ok(space)) = (id.parse::<BlobId>(), query.space.parse::<SpaceId>()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if let Err(refused) = ask(&app, &headers, BlobAsk::Enter).await {
        return refused;
    }
    let Ok(body) = to_bytes(body, DECLARED).await else { return StatusCode::BAD_REQUEST.into_response() };
    if body.is_empty() || !body.len().is_multiple_of(32) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let hashes = body.chunks_exact(32).filter_map(Hash::from_slice).collect();
    match ask(&app, &headers, BlobAsk::Declare { blob, space, hashes }).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(refused) => refused,
    }
}

async fn have(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Ok(blob) = id.parse::<BlobId>() else { return StatusCode::NOT_FOUND.into_response() };
    match ask(&app, &headers, BlobAsk::Have { blob }).await {
        Ok(BlobAnswer::Chunks(have)) => {
            let bitmap: String = have.into_iter().map(|here| if here { '1' } else { '0' }).collect();
            ([(CHUNKS, bitmap)], StatusCode::OK).into_response()
        }
        Ok(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Err(refused) => refused,
    }
}

async fn store(
    State(app): State<App>,
    Path((id, index)): Path<(String, u64)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Ok(blob) = id.parse::<BlobId>() else { return StatusCode::NOT_FOUND.into_response() };
    let Some(bytes) = length(&headers) else { return StatusCode::LENGTH_REQUIRED.into_response() };
    if bytes > limits::CHUNK as u64 {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let expected = match ask(&app, &headers, BlobAsk::Put { blob, index, bytes }).await {
        Ok(BlobAnswer::Expect(expected)) => expected,
        Ok(_) => return unwanted(StatusCode::NO_CONTENT.into_response(), &headers, body).await,
        Err(refused) => return unwanted(refused, &headers, body).await,
    };
    let mut coming = Coming { app: &app, headers: &headers, ask: Some(BlobAsk::GaveUp { blob, index }) };
    // The length that was asked about is the most that comes: the connection sees to that.
    let Ok(body) = to_bytes(body, limits::CHUNK).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let files = app.files.clone();
    let written = tokio::task::spawn_blocking(move || {
        if body.is_empty() || Hash::of(&body) != expected {
            return Ok(false);
        }
        files.write(&blob, index, &body).map(|()| true)
    });
    match written.await {
        Ok(Ok(true)) => {}
        Ok(Ok(false)) => return StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        Ok(Err(error)) => {
            tracing::error!("can't store a chunk: {error}");
            return StatusCode::INSUFFICIENT_STORAGE.into_response();
        }
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
    coming.ask = None;
    match ask(&app, &headers, BlobAsk::Stored { blob, index, bytes }).await {
        Ok(_) => {
            app.metrics.blob_bytes_in.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(refused) => refused,
    }
}

/// A chunk for which room was promised: if nothing comes of it, the core is told, however the request ended.
struct Coming<'a> {
    app: &'a App,
    headers: &'a HeaderMap,
    ask: Option<BlobAsk>,
}

impl Drop for Coming<'_> {
    fn drop(&mut self) {
        if let Some(ask) = self.ask.take() {
            self.app.committer.tell(token(self.headers), ask);
        }
    }
}

/// The answer to a request whose body nobody wants. Who sends it without having been asked to hears the answer behind it;
/// a stranger's is not read.
async fn unwanted(answer: Response, headers: &HeaderMap, body: Body) -> Response {
    if answer.status() != StatusCode::UNAUTHORIZED && !headers.contains_key(header::EXPECT) {
        let mut body = body.into_data_stream();
        while let Some(Ok(_)) = body.next().await {}
    }
    answer
}

/// How long a body says it is.
fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn fetch(
    State(app): State<App>,
    Path((id, index)): Path<(String, u64)>,
    headers: HeaderMap,
) -> Response {
    let Ok(blob) = id.parse::<BlobId>() else { return StatusCode::NOT_FOUND.into_response() };
    if let Err(refused) = ask(&app, &headers, BlobAsk::Get { blob, index }).await {
        return refused;
    }
    let files = app.files.clone();
    match tokio::task::spawn_blocking(move || files.read(&blob, index)).await {
        Ok(Ok(chunk)) => {
            add(&app.metrics.blob_bytes_out, chunk.len());
            let kind =
                [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "private")];
            (kind, chunk).into_response()
        }
        Ok(Err(error)) => {
            tracing::error!("can't read a chunk: {error}");
            StatusCode::NOT_FOUND.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn token(headers: &HeaderMap) -> String {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned()
}

async fn ask(app: &App, headers: &HeaderMap, ask: BlobAsk) -> Result<BlobAnswer, Response> {
    let refused = match app.committer.blob(token(headers), ask).await {
        Some(Ok(answer)) => return Ok(answer),
        Some(Err(refused)) => refused,
        None => return Err(StatusCode::SERVICE_UNAVAILABLE.into_response()),
    };
    let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Err(match refused {
        BlobRefusal::Quota => (status, [(SHORT, "quota")]).into_response(),
        BlobRefusal::DiskFull => (status, [(SHORT, "disk")]).into_response(),
        _ => status.into_response(),
    })
}
