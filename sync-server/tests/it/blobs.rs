//! Files over HTTP.

use homing_relay::Limits;
use homing_wire::{BlobId, ClientFrame, Hash, NackCode, Role, SpaceId, limits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Home, World, request};

fn file(chunks: &[&[u8]]) -> (BlobId, Vec<u8>) {
    let hashes: Vec<Hash> = chunks.iter().map(|chunk| Hash::of(chunk)).collect();
    (BlobId::of_chunks(&hashes), hashes.iter().flat_map(|hash| hash.0).collect())
}

fn path(blob: &BlobId, space: &SpaceId) -> String {
    format!("/v1/blobs/{blob}?space={space}")
}

#[tokio::test]
async fn a_file_is_declared_stored_resumed_and_read() {
    let mut world = World::new();
    let (ada, ben, eve) = (world.person(), world.person(), world.person());
    let home = Home::new().await;
    let host = home.address();
    let (mut a, b, e) = (home.join(&ada).await, home.join(&ben).await, home.join(&eve).await);
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    let big = vec![7; limits::CHUNK];
    let (blob, hashes) = file(&[&big, b"the end"]);
    let one = format!("/v1/blobs/{blob}/0");
    let two = format!("/v1/blobs/{blob}/1");

    assert_eq!(request(&host, "PUT", &two, &a.token, b"the end").await.status, 404, "not declared");
    assert_eq!(request(&host, "POST", &path(&blob, &space), "", &hashes).await.status, 401);
    assert_eq!(request(&host, "POST", &path(&blob, &space), &e.token, &hashes).await.status, 404);
    assert_eq!(request(&host, "POST", &path(&blob, &space), &a.token, &hashes).await.status, 204);
    assert_eq!(request(&host, "PUT", &two, &a.token, b"the end").await.status, 204);
    assert_eq!(request(&host, "PUT", &one, &a.token, b"something else").await.status, 422);
    let have = request(&host, "HEAD", &format!("/v1/blobs/{blob}"), &a.token, b"").await;
    assert_eq!((have.status, have.header("x-homing-chunks")), (200, Some("01")));
    assert_eq!(request(&host, "GET", &one, &b.token, b"").await.status, 404, "not here yet");
    assert_eq!(request(&host, "PUT", &one, &a.token, &big).await.status, 204);
    assert_eq!(request(&host, "PUT", &one, &a.token, &big).await.status, 204, "again");
    assert_eq!(request(&host, "PUT", &format!("/v1/blobs/{blob}/2"), &a.token, b"x").await.status, 404);

    let read = request(&host, "GET", &one, &b.token, b"").await;
    assert_eq!((read.status, read.body), (200, big));
    assert_eq!(request(&host, "GET", &two, &b.token, b"").await.body, b"the end");
    for what in [("GET", &one), ("HEAD", &format!("/v1/blobs/{blob}")), ("PUT", &two)] {
        assert_eq!(request(&host, what.0, what.1, &e.token, b"the end").await.status, 404);
    }
    let token = b.token.clone();
    drop(b);
    let removal = world.removing(space, &ada, ben.me());
    a.push(&removal).await.unwrap();
    let status = request(&host, "GET", &two, &token, b"").await.status;
    assert!([401, 404].contains(&status), "{status}: a removed member reads no file");
}

#[tokio::test]
async fn a_file_is_granted_to_another_space_by_who_reads_it() {
    let mut world = World::new();
    let (ada, ben, eve) = (world.person(), world.person(), world.person());
    let home = Home::new().await;
    let host = home.address();
    let (mut a, b, mut e) = (home.join(&ada).await, home.join(&ben).await, home.join(&eve).await);
    let (first, genesis) = world.talk(&ada, &[]);
    a.push(&genesis).await.unwrap();
    let (second, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    let (own, genesis) = world.talk(&eve, &[]);
    e.push(&genesis).await.unwrap();
    let (blob, hashes) = file(&[b"content"]);
    request(&host, "POST", &path(&blob, &first), &a.token, &hashes).await;
    let chunk = format!("/v1/blobs/{blob}/0");
    request(&host, "PUT", &chunk, &a.token, b"content").await;
    assert_eq!(request(&host, "GET", &chunk, &b.token, b"").await.status, 404);
    e.send(&ClientFrame::Grant { req: 500, space: own, blob }).await;
    assert_eq!(e.settled(500).await, Err(NackCode::NotFound));
    a.send(&ClientFrame::Grant { req: 500, space: second, blob }).await;
    a.settled(500).await.unwrap();
    assert_eq!(request(&host, "GET", &chunk, &b.token, b"").await.body, b"content");
}

/// The only chunk of a file.
fn declared(content: &[u8]) -> String {
    format!("/v1/blobs/{}/0", file(&[content]).0)
}

#[tokio::test]
async fn what_another_declared_is_stored_at_the_cost_of_who_brings_it() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let home = Home::with(Limits { account_blob_bytes: 150, ..Limits::default() }).await;
    let host = home.address();
    let (mut a, b) = (home.join(&ada).await, home.join(&ben).await);
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    let mut stored = Vec::new();
    for number in 0..3 {
        let content = [number; 100];
        let (blob, hashes) = file(&[&content]);
        assert_eq!(request(&host, "POST", &path(&blob, &space), &a.token, &hashes).await.status, 204);
        stored.push(request(&host, "PUT", &declared(&content), &b.token, &content).await.status);
    }
    assert_eq!(stored, [204, 507, 507]);
}

#[tokio::test]
async fn files_have_limits() {
    let mut world = World::new();
    let ada = world.person();
    let home = Home::with(Limits { blob_bytes: 100, account_blob_bytes: 150, ..Limits::default() }).await;
    let host = home.address();
    let mut a = home.join(&ada).await;
    let (space, genesis) = world.talk(&ada, &[]);
    a.push(&genesis).await.unwrap();
    let put = |content: Vec<u8>| {
        let (blob, hashes) = file(&[&content]);
        let (host, token) = (host.clone(), a.token.clone());
        async move {
            request(&host, "POST", &path(&blob, &space), &token, &hashes).await;
            request(&host, "PUT", &format!("/v1/blobs/{blob}/0"), &token, &content).await.status
        }
    };
    assert_eq!(put(vec![1; 101]).await, 413);
    assert_eq!(put(vec![2; 100]).await, 204);
    assert_eq!(put(vec![3; 100]).await, 507, "over the account's quota");
    let short = request(&host, "PUT", &declared(&[3; 100]), &a.token, &[3; 100]).await;
    assert_eq!(short.header("x-homing-short"), Some("quota"));
    let (blob, _) = file(&[b"x"]);
    let wrong = request(&host, "POST", &path(&blob, &space), &a.token, &[0; 32]).await;
    assert_eq!(wrong.status, 400, "the id is made of the hashes");
    let many = vec![0; 32 * (limits::CHUNKS + 1)];
    assert_eq!(request(&host, "POST", &path(&blob, &space), &a.token, &many).await.status, 400);
    let huge = vec![0; limits::CHUNK + 1];
    assert_eq!(request(&host, "PUT", &format!("/v1/blobs/{blob}/0"), &a.token, &huge).await.status, 413);
}

#[tokio::test]
async fn uploads_that_were_begun_are_so_many_and_no_more() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let home = Home::with(Limits { account_uploads: 2, ..Limits::default() }).await;
    let host = home.address();
    let (mut a, b) = (home.join(&ada).await, home.join(&ben).await);
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    let declare = |content: &'static [u8], token: &str| {
        let (blob, hashes) = file(&[content]);
        let (host, token) = (host.clone(), token.to_owned());
        async move { request(&host, "POST", &path(&blob, &space), &token, &hashes).await }
    };
    assert_eq!(declare(b"one", &a.token).await.status, 204);
    assert_eq!(declare(b"two", &a.token).await.status, 204);
    let third = declare(b"three", &a.token).await;
    assert_eq!((third.status, third.header("x-homing-short")), (507, Some("quota")));
    assert_eq!(declare(b"one", &a.token).await.status, 204, "what is begun goes on");
    assert_eq!(declare(b"three", &b.token).await.status, 204, "another has a share of their own");
    assert_eq!(request(&host, "PUT", &declared(b"one"), &a.token, b"one").await.status, 204);
    assert_eq!(declare(b"four", &a.token).await.status, 204, "what is whole counts no longer");
}

#[tokio::test]
async fn a_chunk_that_is_here_is_neither_refused_nor_paid_for_again() {
    let mut world = World::new();
    let ada = world.person();
    let home = Home::with(Limits { blob_bytes: 150, account_blob_bytes: 150, ..Limits::default() }).await;
    let host = home.address();
    let mut a = home.join(&ada).await;
    let (space, genesis) = world.talk(&ada, &[]);
    a.push(&genesis).await.unwrap();
    let (one, two) = ([1; 100], [2; 50]);
    let (blob, hashes) = file(&[&one, &two]);
    request(&host, "POST", &path(&blob, &space), &a.token, &hashes).await;
    for (index, content) in [(0, &one[..]), (1, &two), (1, &two), (0, &one)] {
        let put = request(&host, "PUT", &format!("/v1/blobs/{blob}/{index}"), &a.token, content).await;
        assert_eq!(put.status, 204, "{index}");
    }
}

/// Begins to store a chunk: its head is read, its body is to come.
async fn begins(host: &str, token: &str, content: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "PUT {} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
         Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        declared(content),
        content.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// The status of the next answer.
async fn status(stream: &mut TcpStream) -> u16 {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap().split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn chunks_that_come_at_once_share_the_quota() {
    let mut world = World::new();
    let ada = world.person();
    let home = Home::with(Limits { account_blob_bytes: 150, ..Limits::default() }).await;
    let host = home.address();
    let mut a = home.join(&ada).await;
    let (space, genesis) = world.talk(&ada, &[]);
    a.push(&genesis).await.unwrap();
    let contents = [[1; 100], [2; 100], [3; 100]];
    for content in &contents {
        let (blob, hashes) = file(&[content]);
        request(&host, "POST", &path(&blob, &space), &a.token, &hashes).await;
    }
    let mut first = begins(&host, &a.token, &contents[0]).await;
    assert_eq!(status(&mut first).await, 100, "it may come");
    let mut second = begins(&host, &a.token, &contents[1]).await;
    assert_eq!(status(&mut second).await, 507, "said before a byte of it was sent");
    // The first is given up: its room is free again.
    first.write_all(&[0; 100]).await.unwrap();
    assert_eq!(status(&mut first).await, 422, "not what was declared");
    let mut third = begins(&host, &a.token, &contents[2]).await;
    assert_eq!(status(&mut third).await, 100);
    third.write_all(&contents[2]).await.unwrap();
    assert_eq!(status(&mut third).await, 204);
}

#[tokio::test]
async fn a_stranger_s_body_is_not_read() {
    let mut world = World::new();
    let ada = world.person();
    let home = Home::new().await;
    let host = home.address();
    let mut a = home.join(&ada).await;
    let (space, genesis) = world.talk(&ada, &[]);
    a.push(&genesis).await.unwrap();
    let (blob, _) = file(&[b"one"]);
    for (method, path) in [("POST", path(&blob, &space)), ("PUT", declared(b"one"))] {
        let mut stream = TcpStream::connect(&host).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer nobody\r\n\
             Content-Length: 4000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(status(&mut stream).await, 401, "{method}: nothing of it was sent");
    }
    let endless = request_without_length(&host, &declared(b"one"), &a.token).await;
    assert_eq!(endless, 411);
}

async fn request_without_length(host: &str, path: &str, token: &str) -> u16 {
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    status(&mut stream).await
}
