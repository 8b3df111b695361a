//! Nothing that people write can be read by who runs the relay, sits on the line, or has a copy of a device's files.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::scanner::Scanner;
use crate::support::{Device, Relay, text};
use crate::wire::Tap;

const WORDS: [&str; 7] = [
    "Canaryname-k7w2",
    "Canaryclient-m3x9",
    "Canarysubject-p5t4",
    "Canarybody-r8v6",
    "Canarydraft-s2y1",
    "Canaryfile-u4z8",
    "Canarybytes-w6q3",
];

#[tokio::test]
async fn canaries_are_nowhere_but_on_the_members_screens() {
    let [name, client, subject, body, draft, file, bytes] = WORDS;
    let relay = Relay::start().await;
    let tap = Tap::before(&relay.address).await;
    let ada = Device::new();
    ada.one(&["init", "--name", name, "--relay", &tap.address, "--device-name", name]).await;
    let link = ada.text(&["invite", "--client", client], "link").await;
    let ben = Device::new();
    ben.one(&["join", &link, "--name", client]).await;
    ada.sync().await;

    let path = ada.file(file);
    std::fs::write(&path, bytes.repeat(1000)).unwrap();
    let new = ["conversation", "new", "--with", client, "--subject", subject, "--message", body];
    let conversation = ada.text(&new, "id").await;
    ada.one(&["send", &conversation, body, "--attach", path.to_str().unwrap()]).await;
    ada.one(&["draft", "set", &conversation, draft]).await;
    ada.sync().await;
    ben.sync().await;
    let message = ben.all(&["messages", &conversation]).await.pop().unwrap();
    let attachment = &message["attachments"][0];
    let saved = ben.file("saved");
    ben.one(&["attachment", "save", &text(attachment, "id"), saved.to_str().unwrap()]).await;
    assert_eq!((text(&message, "body"), text(attachment, "name")), (body.to_owned(), file.to_owned()));

    let scanner = Scanner::new(&WORDS);
    let metrics = metrics(&relay.address).await;
    assert!(!metrics.is_empty() && scanner.find(&metrics).is_empty());
    for folder in [relay.data(), &ada.profile(), &ben.profile()] {
        let (found, looked_at) = scanner.search(folder);
        assert!(found.is_empty(), "{found:?}");
        assert!(looked_at > 10_000, "{} holds next to nothing", folder.display());
    }
    let said = tap.said();
    assert!(said.iter().map(Vec::len).sum::<usize>() > 10_000);
    for stream in said {
        assert!(scanner.find(&stream).is_empty(), "{:?}", scanner.find(&stream));
    }
}

async fn metrics(address: &str) -> Vec<u8> {
    let host = address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}
