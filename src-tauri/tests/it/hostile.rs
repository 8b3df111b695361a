//! What others send, and what a page that was taken over could try: nothing runs, nothing hangs, nothing leaves, and names
//! are shown as what they are.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::driver::{App, Desk};
use crate::programs::{Relay, Terminal, Visited};
use crate::steps::{begin, first_start, open, row, tid};

/// Each of them sets `window.ran` if it is taken for more than text.
const SCRIPTS: [&str; 7] = [
    "<script>window.ran = 'script'</script>",
    "<img src=x onerror=\"window.ran='img'\">",
    "<svg onload=\"window.ran='svg'\"><use href=\"#x\"/></svg>",
    "\"><iframe srcdoc=\"<script>parent.ran='frame'</script>\">",
    "<a href=\"javascript:window.ran='link'\">here</a>",
    "{@html '<script>window.ran=1</script>'} {{constructor.constructor('window.ran=1')()}}",
    "[click](javascript:window.ran='markdown') ![x](http://127.0.0.1/pixel) <style>*{display:none}</style>",
];
/// The longest a page may keep a person waiting, on a busy machine: what hangs takes minutes.
const PATIENCE_MS: u64 = 5_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_taken_over_runs_nothing_more_and_reaches_nobody() {
    let desk = Desk::start();
    let outside = Visited::start();
    let ada = desk.app("ada", &[]).await;
    first_start(&ada, "Ada Berger").await;
    // Somebody can come: what is counted are visits.
    outside.is_counted().await;
    let script = "const [address, done] = arguments;
        const refused = new Set();
        document.addEventListener('securitypolicyviolation', (event) => refused.add(event.effectiveDirective));
        const add = (name, fields) => document.body.append(Object.assign(document.createElement(name), fields));
        const http = `http://${address}/`;
        add('script', { textContent: 'window.ran = 1' });
        add('script', { src: `${http}s.js` });
        add('style', { textContent: 'body { --painted: 1 }' });
        add('link', { rel: 'stylesheet', href: `${http}s.css` });
        add('img', { src: `${http}i.png` });
        add('iframe', { src: http });
        add('object', { data: http });
        add('video', { src: `${http}v.mp4` });
        const box = document.createElement('div');
        box.innerHTML = `<b onclick='window.ran = 2' style='color: red'></b><svg onload='window.ran = 3'></svg>`;
        document.body.append(box);
        box.firstChild.click();
        const form = Object.assign(document.createElement('form'), { action: http, method: 'post' });
        document.body.append(form);
        form.submit();
        const caught = [];
        try { new Function('window.ran = 4')(); } catch { caught.push('Function'); }
        try { setTimeout('window.ran = 5', 0); } catch { caught.push('setTimeout'); }
        try { new Worker(URL.createObjectURL(new Blob(['1']))); } catch { caught.push('Worker'); }
        try { new WebSocket(`ws://${address}/`); } catch { caught.push('WebSocket'); }
        try { navigator.sendBeacon(http, 'x'); } catch { caught.push('beacon'); }
        Promise.allSettled([fetch(http), fetch(`${http}?x`, { mode: 'no-cors' }), import(`${http}m.js`)])
            .then((tried) => setTimeout(() => done({
                ran: window.ran ?? null,
                painted: getComputedStyle(document.body).getPropertyValue('--painted'),
                red: box.firstChild.style.color,
                reached: tried.filter(({ status }) => status === 'fulfilled').length,
                refused: [...refused].sort(),
            }), 500))";
    let arguments = vec![json!(outside.address)];
    let tried = ada.client.execute_async(script, arguments).await.unwrap();
    assert_eq!(
        (&tried["ran"], &tried["painted"], &tried["red"], &tried["reached"]),
        (&json!(null), &json!(""), &json!(""), &json!(0)),
        "{tried}"
    );
    let refused: Vec<&str> = tried["refused"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for directive in
        ["connect-src", "form-action", "frame-src", "img-src", "script-src-elem", "style-src-elem"]
    {
        assert!(
            refused.iter().any(|one| one.starts_with(directive) || directive.starts_with(one)),
            "{directive}: {refused:?}"
        );
    }
    // The window stays where it is, and opens no other.
    ada.eval(
        "window.opened = window.open(arguments[0]); location.href = arguments[0]",
        vec![json!(format!("http://{}/", outside.address))],
    )
    .await;
    assert_eq!(ada.eval("return window.opened", vec![]).await, json!(null));
    ada.wait_for(&tid("new-conversation")).await;
    assert_eq!(outside.count(), 1, "the page reached somebody");
    ada.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_reads_and_writes_no_file_that_nobody_picked() {
    let desk = Desk::start();
    let ada = desk.app("ada", &[]).await;
    first_start(&ada, "Ada Berger").await;
    let notes = begin(&ada, "Notes", &[], "To myself").await;
    let secret = desk.folder("ada").join("secret.txt");
    std::fs::write(&secret, "of nobody else's concern").unwrap();
    let made = desk.folder("ada").join("made.txt");
    let (secret_path, made_path) = (secret.to_str().unwrap(), made.to_str().unwrap());
    let calls = [
        json!({ "call": "send", "args": { "conversation": notes, "text": "", "attachments": [{ "path": { "path": secret_path } }] } }),
        json!({ "call": "conversation_new", "args": { "with": [], "attachments": [{ "path": { "path": secret_path } }] } }),
        json!({ "call": "restore", "args": { "file": secret_path, "passphrase": "x" } }),
        json!({ "call": "backup", "args": { "file": made_path, "passphrase": "long enough" } }),
        json!({ "call": "attachment_save", "args": { "attachment": "x", "path": secret_path } }),
    ];
    for call in calls {
        let answer = invoke(&ada, "call", json!({ "call": call })).await;
        assert_eq!(answer["refused"]["code"], "file_failed", "{call}: {answer}");
    }
    assert!(!made.exists());
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "of nobody else's concern");
    // Numbers of files that nobody handed over, other programs' commands, and calls that are none.
    for (command, arguments) in [
        ("handed_file", json!({ "id": 1 })),
        ("open_external", json!({ "url": format!("file://{secret_path}") })),
        ("plugin:opener|open_path", json!({ "path": secret_path })),
        ("plugin:fs|read_text_file", json!({ "path": secret_path })),
        ("plugin:dialog|open", json!({ "options": {} })),
        (
            "plugin:webview|create_webview_window",
            json!({ "options": { "label": "x", "url": "https://example.org" } }),
        ),
        ("call", json!({ "call": { "call": "nothing", "args": {} } })),
        ("call", json!({})),
    ] {
        let answer = invoke(&ada, command, arguments).await;
        assert!(!answer["refused"].is_null(), "{command}: {answer}");
    }
    open(&ada, &notes).await;
    assert_eq!(
        ada.eval("return document.querySelector('[data-testid=attachment]')", vec![]).await,
        json!(null)
    );
    ada.close().await;
}

/// Asks the shell as the page would.
async fn invoke(app: &App, command: &str, arguments: Value) -> Value {
    let script = "const [command, given, done] = arguments;
        window.__TAURI_INTERNALS__.invoke(command, given)
            .then((answer) => done({ answer: answer ?? null }), (refused) => done({ refused }))";
    app.client.execute_async(script, vec![json!(command), arguments]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_names_subjects_texts_and_file_names_runs_or_lies() {
    let desk = Desk::start();
    let relay = Relay::start(&desk.folder("relay"));
    let ada = Terminal::new(&desk.folder("ada"), 0);
    let ben = Terminal::new(&desk.folder("ben"), 0);
    ada.one(&["init", "--name", SCRIPTS[1], "--relay", &relay.address]).await;
    let link = ada.one(&["invite"]).await["link"].as_str().unwrap().to_owned();
    let name = format!("Ben{}{}\u{202e}", SCRIPTS[0], "\u{3164}");
    ben.one(&["join", &link, "--name", &name]).await;
    for who in [&ben, &ada] {
        who.run(&["sync"]).await;
    }
    let people = ben.run(&["people"]).await;
    let id_of_ada = people.iter().find(|one| one["me"] == false).unwrap()["id"].as_str().unwrap().to_owned();
    let new = ["conversation", "new", "--subject", SCRIPTS[2], "--with", &id_of_ada, "--message", SCRIPTS[3]];
    let talk = ben.one(&new).await["id"].as_str().unwrap().to_owned();
    for text in SCRIPTS {
        ben.one(&["send", &talk, text]).await;
    }
    let files = [
        ("<img src=x onerror=window.ran=9>.txt", b"text".to_vec()),
        ("photo\u{202e}gnp.exe", b"MZ".to_vec()),
        ("drawing.svg", drawing()),
        ("also a drawing.png", drawing()),
        ("bomb.png", bomb()),
    ];
    for (name, bytes) in &files {
        let path = desk.folder("ben").join(name);
        std::fs::write(&path, bytes).unwrap();
        ben.one(&["send", &talk, "A file", "--attach", path.to_str().unwrap()]).await;
    }
    for who in [&ben, &ada] {
        who.run(&["sync"]).await;
    }

    let app = desk.app("ada", &[]).await;
    app.wait_for(&row(&talk)).await;
    app.eval(WATCH, vec![]).await;
    open(&app, &talk).await;
    app.wait_text(&tid("attachment"), "bomb.png").await;
    for text in SCRIPTS {
        // Some of it may be set as bold or as a link: its letters are all there.
        let start = text.chars().take_while(|letter| *letter != '(').take(12).collect::<String>();
        app.wait_text(&tid("message-body"), start.trim_start_matches('[')).await;
    }
    for hash in ["#/inbox", "#/people", "#/search?q=window", "#/outbox", "#/settings", "#/drafts"] {
        app.eval("location.hash = arguments[0]", vec![json!(hash)]).await;
        quick(&app).await;
    }
    for hash in [format!("#/members/{talk}"), format!("#/conversation/{talk}")] {
        app.eval("location.hash = arguments[0]", vec![json!(hash)]).await;
        quick(&app).await;
    }
    let script = "return {
        ran: window.ran ?? null,
        refused: window.refused ?? [],
        foreign: [...document.querySelectorAll('iframe, object, embed, script:not([src]), img[src=x], [onerror], [onload], a[href^=\"javascript:\"]')]
            .map((element) => element.outerHTML),
        decoded: [...document.images].filter((image) => image.naturalWidth * image.naturalHeight > 1e8).length,
        hidden: [...document.querySelectorAll('bdi, h1, title')].filter((element) => /[\\u202a-\\u202e\\u2066-\\u2069\\u3164]/u.test(element.textContent)).length,
    }";
    let seen = app.eval(script, vec![]).await;
    assert_eq!(seen, json!({ "ran": null, "refused": [], "foreign": [], "decoded": 0, "hidden": 0 }));
    for said in ["⟨U+202E⟩", "⟨U+3164⟩"] {
        app.wait_text("[data-testid=app]", said).await;
    }
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_of_text_keeps_nobody_waiting() {
    let desk = Desk::start();
    let relay = Relay::start(&desk.folder("relay"));
    let ada = Terminal::new(&desk.folder("ada"), 0);
    let ben = Terminal::new(&desk.folder("ben"), 0);
    ada.one(&["init", "--name", "Ada", "--relay", &relay.address]).await;
    let link = ada.one(&["invite"]).await["link"].as_str().unwrap().to_owned();
    ben.one(&["join", &link, "--name", "Ben"]).await;
    for who in [&ada, &ben, &ada] {
        who.run(&["sync"]).await;
    }
    let talk = ada.run(&["conversation", "list"]).await[0]["id"].as_str().unwrap().to_owned();
    // As much as a message holds, of what is hard to set, to break and to read.
    let most = 32 * 1024 - 64;
    let full = |piece: &str| piece.repeat(most / piece.len());
    for text in [
        "x",
        "*_`[(",
        "> ",
        "- \n",
        "[a](",
        "https://a.example/?",
        "\u{202e}a",
        "e\u{301}\u{301}\u{301}\u{301}",
        "\u{1f468}\u{200d}",
    ] {
        ben.one(&["send", "--", &talk, &full(text)]).await;
    }
    ben.one(&["send", &talk, "The last one"]).await;
    for who in [&ben, &ada] {
        who.run(&["sync"]).await;
    }
    let app = desk.app("ada", &[]).await;
    app.wait_for(&row(&talk)).await;
    app.eval(WATCH, vec![]).await;
    open(&app, &talk).await;
    app.wait_text(&tid("message-body"), "The last one").await;
    for _ in 0..12 {
        app.eval(
            "const log = document.querySelector('[data-testid=log]');
            log.dispatchEvent(new WheelEvent('wheel', { bubbles: true }));
            log.scrollTop -= log.clientHeight * 4",
            vec![],
        )
        .await;
        quick(&app).await;
    }

    let megabyte = "The boiler makes a noise. ".repeat(40_330);
    assert!(megabyte.len() > 1024 * 1024 - 64);
    app.fill(&tid("composer"), &megabyte).await;
    app.wait_text("[data-testid=thread]", "longer than a message can be").await;
    quick(&app).await;
    app.click("[data-testid=thread] .note.warning button").await;
    app.wait_for(&tid("pending-file")).await;
    app.click(&tid("send")).await;
    app.wait_for("[data-testid=message] [data-testid=attachment]").await;
    quick(&app).await;
    app.close().await;
}

/// Notes what the page's policy refuses, and how long it ever kept its own clock waiting.
const WATCH: &str = "window.refused = [];
    document.addEventListener('securitypolicyviolation', (event) => window.refused.push(event.effectiveDirective));
    window.longest = 0;
    let before = performance.now();
    setInterval(() => {
        const now = performance.now();
        window.longest = Math.max(window.longest, now - before);
        before = now;
    }, 20)";

/// Nothing has kept the page from answering for long, up to now.
async fn quick(app: &App) {
    let script = "const done = arguments[arguments.length - 1];
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(Math.round(window.longest)), 30)))";
    let asked = tokio::time::timeout(
        Duration::from_millis(2 * PATIENCE_MS),
        app.client.execute_async(script, vec![]),
    );
    let longest = asked.await.unwrap_or_else(|_| panic!("the page hangs")).unwrap().as_u64().unwrap();
    println!("longest pause of the page: {longest} ms");
    assert!(longest < PATIENCE_MS, "the page stood still for {longest} ms");
}

/// A drawing of a few hundred bytes that asks for a billion shapes.
fn drawing() -> Vec<u8> {
    let mut svg =
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><g id='a0'><path d='M0 0h9v9z'/></g>"
            .to_owned();
    for level in 1..10 {
        let uses = format!("<use href='#a{}'/>", level - 1).repeat(10);
        svg += &format!("<g id='a{level}'>{uses}</g>");
    }
    (svg + "<script>window.ran = 'drawing'</script></svg>").into_bytes()
}

/// A picture of 60,000 by 60,000 dots, in a few bytes.
fn bomb() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8; 4], data: &[u8]| {
        png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        let from = png.len();
        png.extend(kind);
        png.extend(data);
        let sum = !png[from..].iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 }
            })
        });
        png.extend(sum.to_be_bytes());
    };
    let side = 60_000u32.to_be_bytes();
    chunk(b"IHDR", &[&side[..], &side[..], &[8, 6, 0, 0, 0]].concat());
    // A stored block that promises the rest.
    chunk(b"IDAT", &[0x78, 0x01, 0x01, 0x04, 0x00, 0xfb, 0xff, 0, 0, 0, 0]);
    chunk(b"IEND", &[]);
    png
}

#[test]
fn the_bomb_is_a_picture_by_its_head() {
    let folder = tempfile::tempdir().unwrap();
    let path: &Path = &folder.path().join("bomb.png");
    std::fs::write(path, bomb()).unwrap();
    let reader =
        png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap())).read_info().unwrap();
    assert_eq!((reader.info().width, reader.info().height), (60_000, 60_000));
}
