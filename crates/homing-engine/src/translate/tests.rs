//! The service is a real server of this computer; names and addresses elsewhere are never asked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::{Value, json};

use super::ask::{Trouble, translation};
use super::{checked, checked_language};
use crate::reach::Reach;
use url::Url;

/// Answers everybody with this, and tells what it was asked: head and body.
fn serve(answer: Vec<u8>) -> (SocketAddr, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, asked) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().filter_map(Result::ok) {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
            let mut body = vec![0; length.and_then(|text| text.parse().ok()).unwrap_or(0)];
            stream.read_exact(&mut body).unwrap();
            drop(tell.send((head, serde_json::from_slice(&body).unwrap_or(Value::Null))));
            drop(stream.write_all(&answer));
        }
    });
    (address, asked)
}

fn http(status: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let mut all = format!("HTTP/1.1 {status}\r\n{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    all.extend(body);
    all
}

fn says(body: &Value) -> Vec<u8> {
    http("200 OK", "Content-Type: application/json\r\n", body.to_string().as_bytes())
}

fn ask(reach: &Reach, at: &str) -> Result<crate::api::Translation, Trouble> {
    translation(reach, &Url::parse(&format!("{at}/translate")).unwrap(), "Guten Tag", "en")
}

#[test]
fn a_service_is_asked_as_its_api_wants_it_and_says_no_more_than_it_has_to() {
    let (address, asked) = serve(says(
        &json!({ "translatedText": "Good day", "detectedLanguage": { "language": "de", "confidence": 90 } }),
    ));
    let told = ask(&Reach::own(), &format!("http://{address}")).unwrap();
    assert_eq!((told.text.as_str(), told.to.as_str(), told.from.as_deref()), ("Good day", "en", Some("de")));
    let (head, body) = asked.recv().unwrap();
    assert!(head.starts_with("post /translate http/1.1"), "{head}");
    assert!(!head.contains("cookie") && !head.contains("referer"), "{head}");
    assert_eq!(body, json!({ "q": "Guten Tag", "source": "auto", "target": "en", "format": "text" }));
    // Also by name, and under a path.
    let told = ask(&Reach::own(), &format!("http://localhost:{}/a", address.port())).unwrap();
    assert_eq!(told.text, "Good day");
    assert!(asked.recv().unwrap().0.starts_with("post /a/translate"));
}

#[test]
fn nobody_elsewhere_is_asked_whatever_its_name_says() {
    let (address, asked) = serve(says(&json!({ "translatedText": "read" })));
    let public: SocketAddr = "203.0.113.9:80".parse().unwrap();
    let named = Reach::own().with_names(&[("translate.home", public), ("near.home", address)]);
    assert_eq!(ask(&named, "http://translate.home").unwrap_err(), Trouble::Elsewhere);
    assert_eq!(ask(&Reach::own(), "http://1.1.1.1").unwrap_err(), Trouble::Elsewhere);
    assert_eq!(ask(&Reach::own(), "http://[2606:4700::1111]").unwrap_err(), Trouble::Elsewhere);
    assert!(asked.try_recv().is_err());
    assert_eq!(ask(&named, "http://near.home").unwrap().text, "read");
}

#[test]
fn what_is_no_translation_is_told_apart() {
    let cases = [
        (http("302 Found", "Location: http://127.0.0.1:9/translate\r\n", b""), Trouble::Redirect),
        (http("307 Temporary Redirect", "Location: /elsewhere\r\n", b""), Trouble::Redirect),
        (http("400 Bad Request", "", b"{\"error\":\"xx is not supported\"}"), Trouble::Status(400)),
        (http("200 OK", "", b"<html>"), Trouble::Unreadable),
        (says(&json!({ "translatedText": ["a"] })), Trouble::Unreadable),
        (says(&json!({ "error": "x" })), Trouble::Unreadable),
        (says(&json!({ "translatedText": "a".repeat(homing_model::limits::BODY + 1) })), Trouble::TooLong),
        (says(&json!({ "translatedText": "a".repeat(2 * 1024 * 1024) })), Trouble::TooLong),
        // It says there is more than it gives.
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}".to_vec(), Trouble::Unreachable),
    ];
    for (answer, trouble) in cases {
        let shown = String::from_utf8_lossy(&answer[..answer.len().min(90)]).into_owned();
        let (address, asked) = serve(answer);
        assert_eq!(ask(&Reach::own(), &format!("http://{address}")).unwrap_err(), trouble, "{shown}");
        asked.recv().unwrap();
        assert!(asked.try_recv().is_err(), "asked once: {shown}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(ask(&Reach::own(), &format!("http://{nobody}")).unwrap_err(), Trouble::Unreachable);
}

#[test]
fn an_address_is_one_near_by_and_a_language_is_a_tag() {
    for (good, kept) in [
        ("http://localhost:5000/", "http://localhost:5000"),
        (" http://127.0.0.1:5000 ", "http://127.0.0.1:5000"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        ("http://192.168.1.20:5000/libre/", "http://192.168.1.20:5000/libre"),
        ("https://translate.lan", "https://translate.lan"),
        ("http://[fd12::1]", "http://[fd12::1]"),
        ("", ""),
    ] {
        assert_eq!(checked(good).unwrap(), kept);
    }
    for bad in [
        "http://1.1.1.1:5000",
        "http://[2606:4700::1111]/",
        "http://0x08080808/",
        "http://0.0.0.0:5000",
        "http://me:secret@localhost:5000",
        "http://localhost:5000/?api_key=x",
        "ftp://localhost",
        "localhost:5000",
        "file:///etc/passwd",
        "http://",
    ] {
        assert!(checked(bad).is_err(), "{bad}");
    }
    for (tag, good) in
        [("de", true), ("pt-BR", true), ("", true), ("d", false), ("de_AT", false), ("../x", false)]
    {
        assert_eq!(checked_language(tag).is_ok(), good, "{tag}");
    }
}
