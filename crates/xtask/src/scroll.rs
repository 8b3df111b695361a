//! How a large history feels in the real window: frames while scrolling, held against scrolling a list with nothing in it,
//! the nodes a list holds, and how long another conversation takes to show.
//!
//! The webview renders in software here and the machine is shared, so times are held against a floor of the same page and
//! the same moments: stretches of the list and of the empty one take turns.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::screen::{self, Screen};
use crate::start::table_row;
use crate::webdriver::{Session, wait_for_driver};

/// How far a fast wheel or a finger goes from frame to frame.
const STEP: i32 = 120;
/// One stretch of scrolling, and how many there are of each.
const STRETCH_MS: u32 = 2_000;
const STRETCHES: usize = 6;
/// The worst frame in a hundred may take so many times the empty list's.
const GAP: f64 = 1.5;
/// What a list may hold.
const NODES: u64 = 2_000;
/// A conversation stands within this time of the press, and of the frames it takes to paint anything.
const SWITCH_MS: f64 = 50.0;
const SWITCHES: usize = 40;
/// The way to the oldest message, a window's height at a time.
const OLDEST_WITHIN: Duration = Duration::from_secs(1_200);

const LIST: &str = "[data-testid=conversation-list] > *";
const LOG: &str = "[data-testid=log]";

/// Scrolls a box for a while, and says how long each frame took; `empty` scrolls one without content in its place.
const SCROLL: &str = "const [css, step, span, empty, done] = arguments;
    const real = document.querySelector(css);
    let box = real;
    let overlay = null;
    if (empty) {
        const { x, y, width, height } = real.getBoundingClientRect();
        overlay = document.createElement('div');
        Object.assign(overlay.style, { position: 'fixed', left: `${x}px`, top: `${y}px`, width: `${width}px`,
            height: `${height}px`, overflowY: 'scroll', background: 'Canvas', zIndex: 99 });
        overlay.append(document.createElement('div'));
        overlay.firstChild.style.height = '4000000px';
        document.body.append(overlay);
        overlay.scrollTop = step < 0 ? 4000000 : 0;
        box = overlay;
    }
    const nodes = real.getElementsByTagName('*');
    const gaps = [];
    let most = 0;
    let before = null;
    let begin = null;
    const frame = () => {
        const now = performance.now();
        begin ??= now;
        if (before !== null) gaps.push(now - before);
        before = now;
        most = Math.max(most, nodes.length);
        if (now - begin > span) {
            overlay?.remove();
            return done({ gaps, most });
        }
        // As somebody who takes the list in hand.
        box.dispatchEvent(new WheelEvent('wheel', { bubbles: true }));
        box.scrollTop += step;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);";

/// Goes towards one end by whole windows for a while; true once it has come to rest there.
const TO_THE_END: &str = "const [css, sign, span, done] = arguments;
    const box = document.querySelector(css);
    const nodes = box.getElementsByTagName('*');
    const begin = performance.now();
    let [since, most, last] = [begin, 0, null];
    const frame = () => {
        most = Math.max(most, nodes.length);
        const first = box.querySelector('[data-id]')?.dataset.id;
        const now = performance.now();
        if (first !== last || box.getAttribute('aria-busy') === 'true') since = now;
        last = first;
        if (now - since > 4000 || now - begin > span) return done({ end: now - since > 4000, most });
        box.dispatchEvent(new WheelEvent('wheel', { bubbles: true }));
        box.scrollTop += sign * box.clientHeight;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);";

/// Whether a conversation's oldest message stands in its list, in view.
const AT_OLDEST: &str = "const [conversation, done] = arguments;
    const box = document.querySelector('[data-testid=log]').getBoundingClientRect();
    const first = [...document.querySelectorAll('[data-testid=message]')]
        .find((message) => message.getBoundingClientRect().bottom > box.top);
    if (!first || first.getBoundingClientRect().top > box.bottom) done(false);
    const args = { conversation, around: first.dataset.id, unread: false, limit: 2 };
    window.__TAURI_INTERNALS__.invoke('call', { call: { call: 'messages', args } })
        .then((page) => done(page.older === null && page.rows[0].id === first.dataset.id));";

/// Presses the nth conversation of the list, and says how long until its messages were painted.
const SWITCH: &str = "const [nth, done] = arguments;
    const rows = document.querySelectorAll('[data-testid=conversation]');
    const row = rows[nth % rows.length];
    const begin = performance.now();
    row.querySelector('a').click();
    const shown = `[data-testid=thread][data-id='${row.dataset.id}'][data-loaded=true] [data-testid=message]`;
    const look = () => {
        // A list that is not measured yet is there, but hidden.
        const seen = [...document.querySelectorAll(shown)].at(-1)?.checkVisibility({ visibilityProperty: true });
        if (seen) return requestAnimationFrame(() => done(performance.now() - begin));
        requestAnimationFrame(look);
    };
    look();";

/// The list is there.
const READY: &str = "const done = arguments[arguments.length - 1];
    const look = () => document.querySelector('[data-testid=conversation] a') ? done(true) : requestAnimationFrame(look);
    look();";

/// Opens a conversation.
const OPEN: &str = "const [id, done] = arguments;
    location.hash = `#/conversation/${id}`;
    const shown = `[data-testid=thread][data-id='${id}'][data-loaded=true] [data-testid=message]`;
    const look = () => document.querySelector(shown) ? done(true) : requestAnimationFrame(look);
    look();";

/// What scrolling one list gave.
struct Scrolled {
    list: f64,
    empty: f64,
    /// The middle frame of the empty one.
    frame: f64,
    most: u64,
}

/// Measures the window on a profile, whose largest conversation is `largest`, and gives the rows of the table.
pub fn measure(app: &Path, profile: &Path, largest: &str, screen: &Screen) -> Result<Vec<Value>> {
    let (_driver, port) = screen::driver(|command: &mut Command| {
        command.env("DISPLAY", &screen.display).env("HOMING_KEYCHAIN", "off").env("HOMING_PROFILE", profile);
    })?;
    wait_for_driver(port)?;
    let session = Session::open(port, app)?;
    session.run(READY)?;
    // Each row is shown as soon as it is known: the whole takes minutes.
    let mut rows = Vec::new();
    let list = scrolled(&session, LIST, STEP)?;
    rows.push(gap_row("scrolling all conversations: frames, p99", &list));
    let mut switches = Vec::new();
    for nth in 0..SWITCHES {
        let took = session.run_with(SWITCH, &[json!(nth * 7 + 1)])?;
        switches.push(took.as_f64().context("a conversation did not open")?);
    }
    let (median, worst) = (part(&mut switches, 0.5)?, part(&mut switches, 0.99)?);
    rows.push(table_row(
        "another conversation: from the press to its messages, p50",
        &format!("{median:.0} ms, p99 {worst:.0} ms"),
        &format!("{:.0} ms for two frames of an empty list", 2.0 * list.frame),
        &format!("floor + {SWITCH_MS:.0} ms"),
        Some(median <= 2.0 * list.frame + SWITCH_MS),
    ));
    session.run_with(OPEN, &[json!(largest)])?;
    let log = scrolled(&session, LOG, -STEP)?;
    rows.push(gap_row("scrolling the largest conversation: frames, p99", &log));
    let (took, most) = to_the_end(&session, LIST, 1)?;
    rows.push(nodes_row("nodes in the list of conversations, to its end", list.most.max(most), took, true));
    let (took, most) = to_the_end(&session, LOG, -1)?;
    let oldest = session.run_with(AT_OLDEST, &[json!(largest)])? == json!(true);
    let what = "nodes in the largest conversation, to its oldest message";
    rows.push(nodes_row(what, log.most.max(most), took, oldest));
    session.close()?;
    Ok(rows)
}

fn numbers(list: Option<&Value>) -> Vec<f64> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_f64).collect()
}

fn scrolled(session: &Session, css: &str, step: i32) -> Result<Scrolled> {
    let (mut list, mut empty, mut most) = (Vec::new(), Vec::new(), 0);
    for _ in 0..STRETCHES {
        for (without, gaps) in [(true, &mut empty), (false, &mut list)] {
            let arguments = [json!(css), json!(step), json!(STRETCH_MS), json!(without)];
            let stretch = session.run_with(SCROLL, &arguments)?;
            gaps.extend(numbers(stretch.get("gaps")));
            most = most.max(stretch.get("most").and_then(Value::as_u64).unwrap_or_default());
        }
    }
    let frame = part(&mut empty, 0.5)?;
    Ok(Scrolled { list: part(&mut list, 0.99)?, empty: part(&mut empty, 0.99)?, frame, most })
}

/// How long it took to the end, and the most nodes there were on the way.
fn to_the_end(session: &Session, css: &str, sign: i32) -> Result<(Duration, u64)> {
    let begin = Instant::now();
    let mut most = 0;
    while begin.elapsed() < OLDEST_WITHIN {
        let answer = session.run_with(TO_THE_END, &[json!(css), json!(sign), json!(10_000)])?;
        most = most.max(answer.get("most").and_then(Value::as_u64).unwrap_or_default());
        if answer.get("end").and_then(Value::as_bool) == Some(true) {
            return Ok((begin.elapsed(), most));
        }
    }
    bail!("{css} did not come to its end within {OLDEST_WITHIN:?}")
}

fn gap_row(what: &str, scrolled: &Scrolled) -> Value {
    let ratio = scrolled.list / scrolled.empty.max(1e-9);
    table_row(
        what,
        &format!("{:.1} ms ({ratio:.2}x)", scrolled.list),
        &format!("{:.1} ms for an empty list", scrolled.empty),
        &format!("{GAP}x"),
        Some(ratio <= GAP),
    )
}

/// `there`: it came to its end, and not to rest before.
fn nodes_row(what: &str, most: u64, took: Duration, there: bool) -> Value {
    let end = if there { "at its end" } else { "at rest before its end" };
    let measured = format!("{most}, {end} after {:.0} s", took.as_secs_f64());
    table_row(what, &measured, "-", &format!("{NODES}"), Some(there && most <= NODES))
}

/// The value below which this part of them lies.
fn part(values: &mut [f64], part: f64) -> Result<f64> {
    values.sort_by(f64::total_cmp);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let at = ((values.len() as f64 * part) as usize).min(values.len().saturating_sub(1));
    values.get(at).copied().context("nothing was measured")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_of_what_was_measured() {
        let mut values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert!((part(&mut values, 0.99).unwrap() - 199.0).abs() < f64::EPSILON);
        assert!((part(&mut values, 0.5).unwrap() - 101.0).abs() < f64::EPSILON);
        assert!(part(&mut [], 0.5).is_err());
    }

    #[test]
    fn a_list_that_stops_on_its_way_is_a_miss() {
        let row = |there| nodes_row("x", 300, Duration::from_secs(4), there);
        assert_eq!(row(true)["met"], json!(true));
        assert_eq!(row(false)["met"], json!(false));
    }

    #[test]
    fn a_gap_is_held_against_the_empty_list() {
        let row = gap_row("x", &Scrolled { list: 30.0, empty: 20.0, frame: 16.0, most: 0 });
        assert_eq!((&row["met"], &row["target"]), (&json!(true), &json!("1.5x")));
        let row = gap_row("x", &Scrolled { list: 31.0, empty: 20.0, frame: 16.0, most: 0 });
        assert_eq!(row["met"], json!(false));
    }
}
