//! Messages in another language: by a service of one's own, without a relay, kept nowhere.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};

use crate::driver::{App, Desk};
use crate::meeting::Acquaintance;
use crate::steps::{open, tid, to_inbox};

const AT: &str = "[data-testid=setting][data-id=translate_at]";

/// A translation service that says the words it got in capital letters, until it is told to be silent.
fn service() -> (String, impl FnOnce()) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let serving = std::thread::spawn(move || {
        for mut stream in listener.incoming().filter_map(Result::ok) {
            if ended.try_recv().is_ok() {
                return;
            }
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            stream.read_exact(&mut body).unwrap();
            let asked: Value = serde_json::from_slice(&body).unwrap();
            let said = json!({ "translatedText": asked["q"].as_str().unwrap().to_uppercase() }).to_string();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{said}", said.len());
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let stop = move || {
        end.send(()).unwrap();
        drop(std::net::TcpStream::connect(address));
        serving.join().unwrap();
    };
    (format!("http://{address}"), stop)
}

/// Presses an entry of the menu of the message that says this.
async fn choose(app: &App, body: &str, entry: &str) {
    let mark = "const row = [...document.querySelectorAll('[data-testid=message]')]
            .find((row) => row.innerText.includes(arguments[0]));
        row?.setAttribute('data-found', '');
        return row != null";
    app.wait_until(body, mark, vec![json!(body)]).await;
    app.click("[data-testid=message][data-found] .tools [aria-haspopup=menu]").await;
    app.click(&tid(entry)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_translated_by_ones_own_service_while_the_relay_is_down() {
    let desk = Desk::start();
    let Acquaintance { mut relay, ada, ben, talk } = Acquaintance::on(&desk).await;
    let sent = ben.one(&["send", &talk, "wann kommen sie"]).await;
    ben.run(&["sync"]).await;
    open(&ada, &talk).await;
    ada.wait_text(&tid("message-body"), "wann kommen sie").await;
    relay.stop();
    ada.wait_for(&tid("banner")).await;

    // Elsewhere is refused, near by is not.
    let (near, stop) = service();
    ada.click("[data-nav=settings]").await;
    ada.fill(&tid("settings-search"), "translator").await;
    ada.fill(&format!("{AT} input"), "http://1.1.1.1:5000").await;
    ada.click(&format!("{AT} button")).await;
    ada.wait_text(&tid("toast"), "would read them").await;
    ada.fill(&format!("{AT} input"), &near).await;
    ada.click(&format!("{AT} button")).await;
    ada.wait_gone(&format!("{AT} button")).await;

    to_inbox(&ada).await;
    open(&ada, &talk).await;
    choose(&ada, "wann kommen sie", "message-translate").await;
    let made = tid("message-translation");
    ada.wait_text(&made, "WANN KOMMEN SIE").await;
    ada.wait_text(&made, "your own service").await;
    ada.wait_text(&tid("message-body"), "wann kommen sie").await;
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("translation");
    std::fs::create_dir_all(&pictures).unwrap();
    for (name, width, height) in [("wide", 1280, 800), ("narrow", 480, 800)] {
        ada.set_size(width, height).await;
        ada.screenshot(&pictures.join(format!("{name}.png"))).await;
        assert_eq!(ada.sticking_out().await, Vec::<String>::new(), "{name}");
    }
    ada.set_size(1280, 800).await;

    // The same on the command line, where it is not kept either.
    let id = sent["id"].as_str().unwrap();
    ben.run(&["config", "set", "translate_at", &near]).await;
    let told = ben.one(&["message", "translate", id, "--to", "en"]).await;
    assert_eq!(told, json!({ "text": "WANN KOMMEN SIE", "to": "en", "from": null }));
    assert_eq!(ben.bodies(&talk).await, ["wann kommen sie"]);

    ada.click(&tid("message-translation-hide")).await;
    ada.wait_gone(&made).await;
    stop();
    choose(&ada, "wann kommen sie", "message-translate").await;
    ada.wait_text(&tid("toast"), "does not answer").await;
    ada.wait_gone(&made).await;
    ada.close().await;
}
