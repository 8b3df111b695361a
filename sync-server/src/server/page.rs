//! `/i/`: what somebody sees who opens an invitation in a browser.
//!
//! The invitation stands behind `#` and so never reaches this server; the script only turns it into a
//! `homing://` link. Script and style are resources of their own, so the policy needs no exception for inline code.

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = r##"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Homing - you are invited</title>
<link rel="stylesheet" href="/i/page.css">
<main>
<h1>You are invited to Homing</h1>
<p>Homing is a desktop app in which professionals and their clients write to each other and keep what they talk
about, with or without a network. What you write is encrypted on your computer; this server passes it on and
can't read it.</p>
<p id="invited" hidden><a id="open" class="button" href="#">Open the invitation in Homing</a></p>
<p id="none">This page opens an invitation. The address you followed has none: ask for the link again, and copy
all of it.</p>
<h2>If Homing is not installed yet</h2>
<ol>
<li>Install Homing for Linux, macOS or Windows; whoever invited you can tell you where to get it.</li>
<li>Come back to this page and press the button, or choose <em>Join</em> in Homing and paste the link.</li>
</ol>
<p class="note">An invitation works once and for 72 hours. Don't pass it on: who opens it first, comes in.</p>
</main>
<script src="/i/page.js"></script>
</html>
"##;

const STYLE: &str = "\
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 38rem; margin: 10vh auto; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 { font-size: 1.1rem; margin-top: 2rem; }
.button { display: inline-block; padding: .6rem 1.1rem; border-radius: .5rem; background: #1f5f4a; color: #fff;
  text-decoration: none; }
.button:focus-visible { outline: 3px solid #7fc4ab; outline-offset: 2px; }
.note { opacity: .8; }
";

const SCRIPT: &str = "\
'use strict';
function show() {
  const found = /^#(?:homing:\\/\\/join\\/)?(1\\/[A-Za-z0-9_-]+\\/?#[A-Za-z0-9_-]{22})$/.exec(location.hash);
  document.getElementById('invited').hidden = !found;
  document.getElementById('none').hidden = !!found;
  if (found) document.getElementById('open').href = 'homing://join/' + found[1];
}
addEventListener('hashchange', show);
show();
";

/// The page and what it loads.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(|| async { Redirect::permanent("/i/") }))
        .route("/i", get(|| async { Redirect::permanent("/i/") }))
        .route("/i/", get(|| resource("text/html; charset=utf-8", PAGE)))
        .route("/i/page.css", get(|| resource("text/css; charset=utf-8", STYLE)))
        .route("/i/page.js", get(|| resource("text/javascript; charset=utf-8", SCRIPT)))
}

async fn resource(kind: &'static str, content: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, content)
}
