//! Files over HTTP, beside the socket so that a large one never delays a message.
//!
//! The committer decides who may; hashing and the disk are dealt with here, off its thread.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{head, put};
use homing_wire::{BlobId, Hash, SpaceId, limits};
use serde::Deserialize;

use super::http::App;
use crate::core::{BlobAnswer, BlobAsk, BlobRefusal};
use crate::metrics::add;

/// What the chunks that are here are told in.
const CHUNKS: HeaderName = HeaderName::from_static("x-homing-chunks");

/// What there is too little of.
const SHORT: HeaderName = HeaderName::from_static("x-homing-short");

#[derive(Deserialize)]
struct Declared {
    space: String,
}

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/blobs/{id}", head(have).post(declare))
        .route("/v1/blobs/{id}/{index}", put(store).get(fetch))
        .layer(DefaultBodyLimit::max(limits::CHUNK))
}

async fn declare(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<Declared>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (Ok(blob), Ok(space)) = (id.parse::<BlobId>(), query.space.parse::<SpaceId>()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if body.is_empty() || !body.len().is_multiple_of(32) || body.len() / 32 > limits::CHUNKS {
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
    body: Bytes,
) -> Response {
    let Ok(blob) = id.parse::<BlobId>() else { return StatusCode::NOT_FOUND.into_response() };
    let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let expected = match ask(&app, &headers, BlobAsk::Put { blob, index, bytes }).await {
        Ok(BlobAnswer::Expect(expected)) => expected,
        Ok(_) => return StatusCode::NO_CONTENT.into_response(),
        Err(refused) => return refused,
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
    match ask(&app, &headers, BlobAsk::Stored { blob, index, bytes }).await {
        Ok(_) => {
            app.metrics.blob_bytes_in.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(refused) => refused,
    }
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

async fn ask(app: &App, headers: &HeaderMap, ask: BlobAsk) -> Result<BlobAnswer, Response> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let refused = match app.committer.blob(token.to_owned(), ask).await {
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
