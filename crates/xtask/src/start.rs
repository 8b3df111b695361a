//! How long a start takes until somebody can work: the app with a large history against a window with nothing in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::screen::{self, Screen};
use crate::setup::{self, For};
use crate::webdriver::{Session, wait_for_driver};
use crate::{place, scroll, shell};

const WHAT: &str = "window usable: its list painted and taking clicks; median";
const ANSWERS: &str = "the same until a conversation is open, and what is typed there can be sent; median";
const TARGET: f64 = 1.2;
/// Starts of each, one after the other in turn; the first of each is not counted.
const STARTS: usize = 9;
/// A word of every other message.
const EVERYWHERE: &str = "the";
const CONVERSATIONS: &str = "10000";

/// The page has its first frame. What a script answers is how many milliseconds ago that was.
const PAINTED: &str = "const done = arguments[arguments.length - 1];
    const painted = () => requestAnimationFrame(() => requestAnimationFrame(() => done(0)));
    if (document.readyState === 'complete') painted();
    else addEventListener('load', painted);";
/// The list is there, and its first frame, counted as that of a page with nothing in it is; then its first conversation
/// opens, and what is typed into it can be sent.
const USABLE: &str = "const done = arguments[arguments.length - 1];
    const find = (css) => document.querySelector(css);
    let painted = null;
    let frames = 0;
    const look = () => {
        const composer = find('[data-testid=thread][data-loaded=true] [data-testid=composer]');
        const row = find('[data-testid=conversation] a');
        if (find('[data-phase=failed]')) return done('the app could not start');
        if (composer && composer.value === '') {
            Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(composer, 'hello');
            composer.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText' }));
        } else if (composer && !find('[data-testid=send]').disabled) {
            return requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - painted)));
        } else if (row && painted === null && ++frames > 1) {
            painted = performance.now();
            row.click();
        }
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);";

/// Something that opens a window.
struct Candidate {
    program: PathBuf,
    profile: PathBuf,
    ready: &'static str,
    /// Until its first view was painted.
    painted: Vec<Duration>,
    /// Until it answered.
    answers: Vec<Duration>,
}

/// Measures and gives the rows of the table.
pub fn measure(full: bool) -> Result<Vec<Value>> {
    let messages = if full { "1000000" } else { "200000" };
    setup::system(For::Screen, false)?;
    setup::ui()?;
    build()?;
    let release = place::target()?.join("release");
    let folder = place::cache()?.join("bench");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let candidate = |program: PathBuf, name: &str, ready| Candidate {
        program,
        profile: folder.join(name),
        ready,
        painted: Vec::new(),
        answers: Vec::new(),
    };
    let mut app = candidate(release.join("homing-app"), "history", USABLE);
    let mut empty = candidate(release.join("examples/empty_window"), "empty", PAINTED);
    let mut small = candidate(release.join("homing-app"), "small", USABLE);
    for one in [&app, &empty, &small] {
        fs::create_dir_all(&one.profile)?;
    }
    println!("Seeding {messages} messages");
    seed(&release.join("homing"), &app.profile, messages, CONVERSATIONS)?;
    seed(&release.join("homing"), &small.profile, "20", "4")?;

    let screen = Screen::start()?;
    for _ in 0..STARTS {
        for one in [&mut empty, &mut app, &mut small] {
            let (painted, answers) = times_of(one, &screen)?;
            one.painted.push(painted);
            one.answers.push(answers);
        }
    }
    let floor = median(empty.painted)?;
    let mut rows = vec![
        row(WHAT, messages, median(app.painted)?, median(small.painted)?, floor, Some(TARGET)),
        row(ANSWERS, messages, median(app.answers)?, median(small.answers)?, floor, None),
    ];
    let largest = largest(&release.join("homing"), &app.profile)?;
    rows.extend(scroll::measure(&release.join("homing-app"), &app.profile, &largest, &screen)?);
    fs::remove_dir_all(&folder)?;
    Ok(rows)
}

/// Shows a row of the table, and gives it.
fn row(
    what: &str,
    messages: &str,
    app: Duration,
    small: Duration,
    floor: Duration,
    target: Option<f64>,
) -> Value {
    let ratio = app.as_secs_f64() / floor.as_secs_f64().max(1e-9);
    let measured = format!("{} with {messages} messages ({ratio:.2}x), {} with 20", ms(app), ms(small));
    let floor = format!("{} for a window with nothing in it", ms(floor));
    let met = target.map(|target| ratio <= target);
    let target = target.map_or_else(|| "-".to_owned(), |target| format!("{target}x"));
    table_row(what, &measured, &floor, &target, met)
}

/// Shows what was measured, and gives it as the table has it.
pub fn table_row(what: &str, measured: &str, floor: &str, target: &str, met: Option<bool>) -> Value {
    let mark = match met {
        Some(true) => "ok  ",
        Some(false) => "MISS",
        None => "    ",
    };
    println!("{mark} {what}\n       {measured}\n       floor: {floor}; target: {target}");
    json!({ "what": what, "measured": measured, "floor": floor, "target": target, "met": met })
}

/// Adds rows to the table another program has written, or begins one.
pub fn add_rows(file: &Path, more: Vec<Value>) -> Result<()> {
    let mut table: Value = match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).context("the table is not JSON")?,
        Err(_) => json!({ "rows": [] }),
    };
    let rows = table.get_mut("rows").and_then(Value::as_array_mut).context("the table has no rows")?;
    rows.extend(more);
    Ok(fs::write(file, serde_json::to_vec_pretty(&table)?)?)
}

fn build() -> Result<()> {
    let packages = ["build", "--locked", "--release", "-p", "homing-app", "-p", "homing-cli"];
    let mut command = shell::cargo(packages)?;
    command.args(["--bin", "homing-app", "--bin", "homing", "--example", "empty_window"]);
    shell::run(command.args(shell::FEATURES))
}

/// A window that is built on a history that is there: to look for what is slow without building and seeding anew.
pub fn measure_scrolling(app: &Path, history: &Path) -> Result<Vec<Value>> {
    let largest = largest(&app.with_file_name("homing"), history)?;
    scroll::measure(app, history, &largest, &Screen::start()?)
}

/// The conversation with the most messages: a twentieth of all is in it, so it has most of what is found for a word that is
/// everywhere.
fn largest(homing: &Path, profile: &Path) -> Result<String> {
    let mut command = shell::command(homing)?;
    command.args(["--json", "--profile"]).arg(profile).args(["search", EVERYWHERE, "--limit", "500"]);
    let (_, said) = shell::output(command.env("HOMING_KEYCHAIN", "off"))?;
    let mut hits: BTreeMap<String, usize> = BTreeMap::new();
    for line in said.lines() {
        let hit: Value = serde_json::from_str(line)?;
        let conversation =
            hit.get("conversation").and_then(Value::as_str).context("a hit in no conversation")?;
        *hits.entry(conversation.to_owned()).or_default() += 1;
    }
    hits.into_iter().max_by_key(|(_, hits)| *hits).map(|(id, _)| id).context("no largest conversation")
}

fn seed(homing: &Path, profile: &Path, messages: &str, conversations: &str) -> Result<()> {
    let run = |arguments: &[&str]| {
        let mut command = shell::command(homing)?;
        command.arg("--json").arg("--profile").arg(profile).args(arguments);
        let (succeeded, said) = shell::output(command.env("HOMING_KEYCHAIN", "off"))?;
        if !succeeded {
            bail!("homing {} failed: {said}", arguments.join(" "));
        }
        Ok(())
    };
    run(&["init", "--name", "Ada"])?;
    run(&["seed", "--messages", messages, "--conversations", conversations, "--random-seed", "7"])
}

/// One start, from the process to its first view, and to an answer.
fn times_of(one: &Candidate, screen: &Screen) -> Result<(Duration, Duration)> {
    let (_driver, port) = screen::driver(|command: &mut Command| {
        command
            .env("DISPLAY", &screen.display)
            .env("HOMING_KEYCHAIN", "off")
            .env("HOMING_PROFILE", &one.profile);
    })?;
    wait_for_driver(port)?;
    let begin = Instant::now();
    let session = Session::open(port, &one.program)?;
    let answer = session.run(one.ready)?;
    let time = begin.elapsed();
    let Some(since) = answer.as_f64() else { bail!("{}: {answer}", one.program.display()) };
    session.close()?;
    Ok((time.saturating_sub(Duration::from_secs_f64(since.max(0.0) / 1_000.0)), time))
}

/// The middle one; the first start, with cold caches, is left out.
fn median(times: Vec<Duration>) -> Result<Duration> {
    let mut times: Vec<Duration> = times.into_iter().skip(1).collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().context("nothing was measured")
}

fn ms(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_does_not_count() {
        let times = [900, 20, 10, 30].map(Duration::from_millis).to_vec();
        assert_eq!(median(times).unwrap(), Duration::from_millis(20));
        assert!(median(vec![Duration::from_millis(900)]).is_err());
    }

    #[test]
    fn a_row_joins_the_table_that_is_there() {
        let folder = std::env::temp_dir().join(format!("homing-table-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("table.json");
        fs::write(&file, r#"{"cores":2,"rows":[{"what":"send"}]}"#).unwrap();
        add_rows(&file, vec![json!({ "what": "window" })]).unwrap();
        let table: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(table, json!({ "cores": 2, "rows": [{ "what": "send" }, { "what": "window" }] }));
        fs::remove_dir_all(folder).unwrap();
    }
}
