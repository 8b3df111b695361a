//! A picture of every view, and what can be checked of a view by looking at it.
//!
//! The list of views is the interface's own: a view without a picture in any of the variants fails. The pictures lie in the
//! build's folder, `target/tmp/pictures`, to be looked at; what is checked here is that there is something to see, that
//! nothing sticks out or is cut, that axe-core finds nothing serious, that what is touched is large enough, that every text
//! comes from the catalogue, and that no view holds more than [`MOST_NODES`] nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::driver::{App, Desk};

/// The interface's list of views.
const ROUTES: &str = include_str!("../../../ui/src/lib/routes.ts");
const MOST_NODES: u64 = 2000;
const SIZES: [(u32, u32); 2] = [(1280, 800), (480, 800)];
const THEMES: [&str; 2] = ["light", "dark"];
/// How each view has to be seen.
const VARIANTS: [&str; 9] = [
    "1280-light",
    "1280-dark",
    "480-light",
    "480-dark",
    "1280-zoomed",
    "1280-pseudo",
    "480-pseudo",
    "1280-pseudo-rtl",
    "480-pseudo-rtl",
];
/// The languages made for looking at the window: longer texts, and texts that run the other way.
const MADE: [&str; 2] = ["pseudo", "pseudo-rtl"];
/// What of a page does not come from the catalogue; shared with the tests of the components.
const LEFT_OUT: &str = include_str!("../../../ui/tests/left-out.js");
/// A page of one colour with a line of text has more colours than this, by the smoothing of its letters.
const FEWEST_COLOURS: usize = 16;

/// A view as the list names it.
#[derive(Debug)]
struct View {
    name: String,
    path: String,
    /// Which kind of id its path takes.
    param: Option<String>,
    /// Whether it is reachable before there is an identity.
    first: bool,
}

#[tokio::test]
async fn every_view_has_a_picture_with_something_on_it() {
    let views = views(ROUTES);
    assert!(views.len() >= 20, "{views:?}");
    let desk = Desk::start();
    let mut gallery = Gallery::start(&desk, "pictures").await;
    for view in views.iter().filter(|view| view.first) {
        gallery.everywhere(&format!("first-{}", view.name), view, None).await;
    }
    for language in MADE {
        gallery.speak(language).await;
        for view in views.iter().filter(|view| view.first) {
            gallery.spoken(&format!("first-{}", view.name), language, view, None).await;
        }
    }
    gallery.speak("en").await;
    gallery.open_demo().await;
    let conversation = gallery.first_id("#/inbox", "[data-testid=conversation][data-unread=\"0\"]").await;
    let person = gallery.first_id("#/people", "[data-testid=person]").await;
    let record = gallery.first_id("#/records", "[data-testid=record]").await;
    let (file, holder) = photo(&gallery.app).await;
    let compared = with_two_drafts(&gallery.app).await;
    let ids = BTreeMap::from([
        ("conversation", conversation),
        ("person", person),
        ("record", record),
        ("file", file),
        // A conversation that has some.
        ("files", holder),
        ("compare", compared),
    ]);
    let id_of = |view: &View| {
        let id = ids.get(view.name.as_str()).or_else(|| ids.get(view.param.as_deref()?))?;
        Some(id.clone())
    };
    let changed = with_other_words(&gallery.app).await;
    for view in &views {
        let id = id_of(view);
        let id = id.as_deref();
        gallery.everywhere(&view.name, view, id).await;
        gallery.doubled(view, id).await;
    }
    gallery.over_messages(&changed, &THEMES).await;
    for language in MADE {
        gallery.speak(language).await;
        for view in &views {
            let id = id_of(view);
            let id = id.as_deref();
            gallery.spoken(&view.name, language, view, id).await;
        }
        gallery.over_messages(&changed, &[language]).await;
    }
    gallery.app.close().await;
    for (view, variant) in views.iter().flat_map(|view| VARIANTS.map(|variant| (view, variant))) {
        let taken = (view.name.clone(), variant.to_owned());
        assert!(gallery.taken.contains(&taken), "{} has no picture {variant}", view.name);
    }
    assert!(gallery.findings.is_empty(), "{}", gallery.findings.join("\n"));
}

/// The pictures, and what was found wrong while they were taken.
pub struct Gallery {
    pub app: App,
    folder: PathBuf,
    axe: String,
    pub findings: Vec<String>,
    taken: BTreeSet<(String, String)>,
}

impl Gallery {
    /// A window at its first start, and an empty folder for its pictures.
    pub async fn start(desk: &Desk, folder: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        let app = desk.app("demo", &[]).await;
        let gallery = Self { app, folder, axe: axe(), findings: Vec::new(), taken: BTreeSet::new() };
        gallery.app.wait_for("[data-testid=first-name]").await;
        gallery.watch().await;
        let still = "return matchMedia('(prefers-reduced-motion: reduce)').matches";
        let still = gallery.app.eval(still, vec![]).await;
        assert_eq!(still, json!(true), "a picture may catch nothing in motion");
        gallery
    }

    pub async fn open_demo(&self) {
        self.app.set_size(1280, 800).await;
        self.go("#/inbox").await;
        self.app.click("[data-testid=first-demo]").await;
        self.app.wait_for("[data-testid=demo-banner]").await;
    }

    /// One view in every size and theme.
    async fn everywhere(&mut self, name: &str, view: &View, id: Option<&str>) {
        for (width, height) in SIZES {
            self.app.set_size(width, height).await;
            self.show(view, id).await;
            for theme in THEMES {
                self.theme(theme).await;
                self.take(name, &format!("{width}-{theme}")).await;
            }
        }
        self.theme("light").await;
    }

    /// One view in the language spoken now, in every size.
    async fn spoken(&mut self, name: &str, language: &str, view: &View, id: Option<&str>) {
        for (width, height) in SIZES {
            self.app.set_size(width, height).await;
            self.show(view, id).await;
            let variant = format!("{width}-{language}");
            self.take(name, &variant).await;
            let left_out = self.app.eval(LEFT_OUT, vec![]).await;
            for text in left_out.as_array().unwrap() {
                self.findings.push(format!("{name} ({variant}) is not from the catalogue: {text}"));
            }
        }
    }

    /// What opens over a message every day: where it is forwarded to, and what it said before.
    async fn over_messages(&mut self, conversation: &str, variants: &[&str]) {
        for (width, height) in SIZES {
            self.app.set_size(width, height).await;
            self.go(&format!("#/conversation/{conversation}")).await;
            for variant in variants {
                if THEMES.contains(variant) {
                    self.theme(variant).await;
                }
                let changed = "[data-testid=message][data-edited=true]";
                self.app.wait_for(changed).await;
                for (name, key, opened) in [("forward", "f", "forward-to"), ("history", "", "history")] {
                    let script = "const message = document.querySelector(arguments[0]);
                        if (!arguments[1]) return message.querySelector('[data-testid=message-edited]').click();
                        message.focus({ preventScroll: true });
                        message.dispatchEvent(new KeyboardEvent('keydown', { key: arguments[1], bubbles: true, cancelable: true }))";
                    self.app.eval(script, vec![json!(changed), json!(key)]).await;
                    self.app.wait_for(&format!("[data-testid={opened}]")).await;
                    let numbered = "const lines = [...document.querySelectorAll('[data-testid=message-body] ol li')];
                        return lines.length > 0 && lines.every((line) => getComputedStyle(line).listStyleType === 'decimal')";
                    self.app.wait_until("a list with its numbers", numbered, vec![]).await;
                    self.take(name, &format!("{width}-{variant}")).await;
                    self.app.click("[data-testid=dialog-close]").await;
                    self.app.wait_gone("dialog").await;
                }
            }
        }
        self.theme("light").await;
    }

    /// Starts the page anew in a language, as choosing it and starting the app would.
    async fn speak(&self, language: &str) {
        let script =
            "localStorage.setItem('homing.language', arguments[0]); window.before = true; location.reload()";
        self.app.eval(script, vec![json!(language)]).await;
        let script = "return !window.before && !['loading', undefined].includes(
            document.querySelector('[data-testid=app]')?.dataset.phase)";
        self.app.wait_until(&format!("the page in {language}"), script, vec![]).await;
        self.watch().await;
    }

    /// Notes what the page's own policy refuses from here on.
    pub async fn watch(&self) {
        let script = "window.refused = [];
            document.addEventListener('securitypolicyviolation', ({ effectiveDirective, sourceFile, sample }) =>
                window.refused.push(`${effectiveDirective} ${sourceFile} ${sample}`))";
        self.app.eval(script, vec![]).await;
    }

    /// One view at twice the size of its text.
    async fn doubled(&mut self, view: &View, id: Option<&str>) {
        self.app.set_size(1280, 800).await;
        self.zoom(200).await;
        self.show(view, id).await;
        self.take(&view.name, "1280-zoomed").await;
        self.zoom(100).await;
    }

    async fn zoom(&self, percent: u32) {
        let script = "window.__TAURI_INTERNALS__.invoke('set_zoom', { percent: arguments[0] })";
        self.app.eval(script, vec![json!(percent)]).await;
        let width = 1280 * 100 / percent;
        let script = "return innerWidth === arguments[0]";
        self.app.wait_until(&format!("a zoom of {percent} %"), script, vec![json!(width)]).await;
    }

    pub async fn theme(&self, theme: &str) {
        self.app.eval("document.documentElement.dataset.theme = arguments[0]", vec![json!(theme)]).await;
    }

    /// Goes to an address of the app.
    pub async fn go(&self, hash: &str) {
        self.app.eval("location.hash = arguments[0]", vec![json!(hash)]).await;
        self.settled().await;
    }

    async fn show(&self, view: &View, id: Option<&str>) {
        self.go(&format!("#/{}", view.path.replace(":id", id.unwrap_or_default()))).await;
        let expected = if view.name == "inbox" { "inbox" } else { view.name.as_str() };
        let script = "const app = document.querySelector('[data-testid=app]');
            return app.dataset.view === arguments[0] || (arguments[0] === 'inbox' && app.dataset.view === 'first')";
        self.app.wait_until(&format!("the view {expected}"), script, vec![json!(expected)]).await;
        self.settled().await;
    }

    /// Waits until nothing is being loaded, and no message of a moment ago lies over the view.
    pub async fn settled(&self) {
        let script = "return !document.querySelector('.skeleton, [aria-busy=true]')
            && [...document.images].every((image) => image.complete)
            && document.querySelector('[data-testid=app]').dataset.phase !== 'loading'";
        self.app.wait_until("a view that has loaded", script, vec![]).await;
    }

    async fn first_id(&self, hash: &str, css: &str) -> String {
        self.go(hash).await;
        self.app.wait_for(css).await.attr("data-id").await.unwrap().unwrap()
    }

    /// Takes a picture and looks at it.
    pub async fn take(&mut self, name: &str, variant: &str) {
        self.taken.insert((name.to_owned(), variant.to_owned()));
        let file = self.folder.join(format!("{name}-{variant}.png"));
        self.app.screenshot(&file).await;
        let colours = colours(&file);
        if colours < FEWEST_COLOURS {
            self.findings.push(format!("{name} ({variant}) is blank: {colours} colours"));
        }
        let nodes = self.app.eval("return document.querySelectorAll('*').length", vec![]).await;
        if nodes.as_u64().unwrap() > MOST_NODES {
            self.findings.push(format!("{name} ({variant}) has {nodes} nodes"));
        }
        let script = "const refused = window.refused ?? []; window.refused = []; return refused";
        for refused in self.app.eval(script, vec![]).await.as_array().unwrap() {
            self.findings.push(format!("{name} ({variant}): the page's policy refuses its own {refused}"));
        }
        for small in self.app.hard_to_touch().await {
            self.findings.push(format!("{name} ({variant}): {small}"));
        }
        for out in self.app.sticking_out().await {
            self.findings.push(format!("{name} ({variant}): {out}"));
        }
        for violation in self.violations().await {
            self.findings.push(format!("{name} ({variant}): {violation}"));
        }
    }

    /// What axe-core calls serious or critical.
    async fn violations(&self) -> Vec<String> {
        let loaded = self.app.eval("return typeof window.axe === 'object'", vec![]).await;
        if loaded != json!(true) {
            self.app.eval(&self.axe, vec![]).await;
        }
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => done(violations
                .filter(({ impact }) => impact === 'serious' || impact === 'critical')
                .flatMap(({ id, nodes }) => nodes.slice(0, 3).map((node) =>
                    `${id}: ${node.html.slice(0, 200)} ${node.failureSummary.replaceAll('\\n', ' ')}`))),
                (error) => done([`axe failed: ${error}`]))";
        match self.app.client.execute_async(script, vec![]).await.unwrap() {
            Value::Array(found) => found.iter().map(|text| text.as_str().unwrap().to_owned()).collect(),
            other => vec![format!("axe gave {other}")],
        }
    }
}

/// A photo that came in a conversation, and which that is.
pub async fn photo(app: &App) -> (String, String) {
    let found = ask(
        app,
        "for (const { id } of (await call('conversations', { limit: 100 })).rows) {
                const { rows } = await call('conversation_files', { conversation: id, limit: 100 });
                const file = rows.flatMap((row) => row.attachments).find(({ mime }) => mime === 'image/jpeg');
                if (file) return [file.id, id];
            }",
    )
    .await;
    serde_json::from_value(found).unwrap()
}

/// A conversation in which two drafts were begun apart.
pub async fn with_two_drafts(app: &App) -> String {
    let found = ask(
        app,
        "const all = (await call('drafts', {})).map((row) => row.conversation);
            return all.find((id, at) => all.indexOf(id) !== at)",
    )
    .await;
    found.as_str().unwrap().to_owned()
}

/// A conversation that was read, in which somebody gave a message other words.
async fn with_other_words(app: &App) -> String {
    let found = ask(
        app,
        "for (const { id, unread } of (await call('conversations', { limit: 100 })).rows) {
                const { rows } = await call('messages', { conversation: id, limit: 5 });
                const mine = rows.find((row) => row.can_edit && row.body && row.state !== 'pending');
                if (unread > 0 || !mine) continue;
                const text = `${mine.body}\n\nI bring:\n1. the *signs*\n2. coffee, see https://example.org/coffee`;
                await call('message_edit', { message: mine.id, text });
                return id;
            }",
    )
    .await;
    found.as_str().unwrap().to_owned()
}

/// What the body of a function gives that may `call` the engine.
pub async fn ask(app: &App, body: &str) -> Value {
    let script = format!(
        "const done = arguments[arguments.length - 1];
        const call = (name, args) => window.__TAURI_INTERNALS__.invoke('call', {{ call: {{ call: name, args }} }});
        (async () => {{ {body} }})().then(done, (error) => done(`${{error}}`))"
    );
    app.client.execute_async(&script, vec![]).await.unwrap()
}

fn axe() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Reads the interface's list: one view on each line.
fn views(source: &str) -> Vec<View> {
    let field = |line: &str, name: &str| {
        let after = line.split_once(&format!("{name}: \""))?.1;
        Some(after.split_once('"')?.0.to_owned())
    };
    source
        .lines()
        .filter(|line| line.trim_start().starts_with("{ name: \""))
        .map(|line| View {
            name: field(line, "name").unwrap(),
            path: field(line, "path").unwrap(),
            param: field(line, "param"),
            first: line.contains("first: true"),
        })
        .collect()
}

/// How many colours a picture has.
fn colours(file: &Path) -> usize {
    let bytes = std::io::BufReader::new(std::fs::File::open(file).unwrap());
    let mut reader = png::Decoder::new(bytes).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let size = info.color_type.samples();
    pixels[..info.buffer_size()].chunks_exact(size).collect::<BTreeSet<_>>().len()
}
