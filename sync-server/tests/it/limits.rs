//! Quotas, rates and a full disk.

use std::time::Duration;

use homing_relay::Limits;
use homing_wire::{ClientFrame, FeedCursor, MailboxId, NackCode, RelayFrame, SpaceId};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Client, Home, World, request};

#[tokio::test]
async fn accounts_and_spaces_have_quotas() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let limits = Limits { account_bytes: 20_000, space_bytes: 9_000, account_spaces: 2, ..Limits::default() };
    let home = Home::with(limits).await;
    let mut a = home.join(&ada).await;
    let mut b = home.join(&ben).await;
    let (space, genesis) = world.talk(&ada, &[]);
    a.push(&genesis).await.unwrap();
    let entry = world.data(space, &ada, ada.me(), &[0; 7000]);
    world.took(&entry, a.push(&entry).await.unwrap().received_ms);
    let entry = world.data(space, &ada, ada.me(), &[1; 7000]);
    assert_eq!(a.push(&entry).await, Err(NackCode::Quota), "the space is full");
    let (second, genesis) = world.talk(&ada, &[]);
    a.push(&genesis).await.unwrap();
    let entry = world.data(second, &ada, ada.me(), &[0; 7000]);
    world.took(&entry, a.push(&entry).await.unwrap().received_ms);
    let entry = world.data(second, &ada, ada.me(), &[0; 200]);
    world.took(&entry, a.push(&entry).await.unwrap().received_ms);
    let (_, genesis) = world.talk(&ada, &[]);
    assert_eq!(a.push(&genesis).await, Err(NackCode::Quota), "two spaces");
    let (_, genesis) = world.talk(&ben, &[]);
    b.push(&genesis).await.unwrap();
}

#[tokio::test]
async fn a_nearly_full_disk_takes_nothing_and_says_so() {
    let mut world = World::new();
    let ada = world.person();
    let limits = Limits { disk_full_percent: 0, disk_free_bytes: u64::MAX, ..Limits::default() };
    let home = Home::with(limits).await;
    let mut a = Client::open(&home.address()).await;
    assert_eq!(a.account_push(&ada.log[0]).await, Err(NackCode::DiskFull));
    let health = request(&home.address(), "GET", "/healthz", "", b"").await;
    assert_eq!(health.status, 503);
    assert!(health.text().contains("disk full"));
}

#[tokio::test]
async fn frames_have_a_rate() {
    let mut world = World::new();
    let ada = world.person();
    let home = Home::with(Limits { frames_per_second: 1, frame_burst: 10, ..Limits::default() }).await;
    let mut a = home.join(&ada).await;
    let space = SpaceId([1; 32]);
    for req in 100..120 {
        a.send(&ClientFrame::PullSlots { req, space, since: 0 }).await;
    }
    let mut limited = 0;
    for asked in 100..120 {
        let (code, wait) = a
            .wait_for(|frame| match frame {
                RelayFrame::Nack { req, code, retry_after_ms, .. } if *req == asked => {
                    Some((*code, *retry_after_ms))
                }
                _ => None,
            })
            .await;
        if code == NackCode::RateLimited {
            assert!(wait.is_some_and(|wait| wait <= 1000));
            limited += 1;
        }
    }
    assert!(limited >= 10, "{limited}");
}

#[tokio::test]
async fn an_address_has_so_many_connections() {
    let home = Home::with(Limits { connections_per_address: 2, ..Limits::default() }).await;
    let first = Client::open(&home.address()).await;
    let _second = Client::open(&home.address()).await;
    let third = tokio_tungstenite::connect_async(format!("ws://{}/v1/sync", home.address())).await;
    assert!(matches!(
        third,
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) if answer.status().as_u16() == 429
    ));
    drop(first);
    // The relay notices the closed socket in its own time; a new connection is let in once it has.
    loop {
        if tokio_tungstenite::connect_async(format!("ws://{}/v1/sync", home.address())).await.is_ok() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn oversized_and_malformed_frames_end_the_session_and_nothing_else() {
    let mut world = World::new();
    let ada = world.person();
    let home = Home::new().await;
    let mut own = home.join(&ada).await;
    for bytes in [vec![], vec![0xff; 10], b"GET / HTTP/1.1".to_vec(), vec![0x82, 0x00, 0x9f, 0xff]] {
        let mut client = home.login(&ada).await;
        client.send_bytes(bytes).await;
        assert_eq!(client.went_away().await, NackCode::Malformed);
        assert_eq!(client.receive().await, None);
    }
    let mut client = home.login(&ada).await;
    client.send_bytes(vec![0; homing_wire::limits::FRAME + 1]).await;
    assert_eq!(client.receive().await, None, "not even read");
    assert_eq!(own.pull_account(ada.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_connection_counts_before_it_has_said_anything() {
    let home = Home::with(Limits { connections_per_address: 2, ..Limits::default() }).await;
    let host = home.address();
    let silent = [TcpStream::connect(&host).await.unwrap(), TcpStream::connect(&host).await.unwrap()];
    assert_eq!(request(&host, "GET", "/healthz", "", b"").await.status, 429);
    drop(silent);
    // The relay notices in its own time.
    while request(&host, "GET", "/healthz", "", b"").await.status != 200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_never_ends_a_request_is_not_waited_for() {
    let mut world = World::new();
    let ada = world.person();
    let moment = Duration::from_millis(300);
    let limits = Limits { head_timeout: moment, request_timeout: moment, ..Limits::default() };
    let home = Home::with(limits).await;
    let host = home.address();
    let mut a = home.join(&ada).await;
    let (space, genesis) = world.talk(&ada, &[]);
    a.push(&genesis).await.unwrap();
    let auth = format!("Authorization: Bearer {}", a.token);
    let blob = homing_wire::BlobId::of_chunks(&[homing_wire::Hash::of(b"one")]);
    for (begun, answer) in [
        (String::new(), ""),
        ("GET /healthz HTTP/1.1\r\nHost: a".to_owned(), ""),
        (
            format!(
                "POST /v1/blobs/{blob}?space={space} HTTP/1.1\r\nHost: {host}\r\n{auth}\r\nContent-Length: 32\r\n\r\nx"
            ),
            "HTTP/1.1 408 ",
        ),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "HTTP/1.1 200 "),
    ] {
        let mut stream = TcpStream::connect(&host).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        assert!(String::from_utf8(all).unwrap().starts_with(answer), "{begun}");
    }
    // A session is no request.
    assert_eq!(a.pull_account(ada.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn mailboxes_cost_a_device_that_is_known_as_much_as_a_stranger() {
    let mut world = World::new();
    let ada = world.person();
    // One for the account; so many more, whoever asks.
    let limits = Limits { anonymous_per_hour: 1, anonymous_burst: 4, ..Limits::default() };
    let home = Home::with(limits).await;
    let mut a = home.join(&ada).await;
    let mut asks = async |number: u8, put: Option<&[u8]>| {
        let (req, mailbox) = (a.next_request(), MailboxId([number; 16]));
        let put = put.map(|message| message.to_vec().into());
        a.send(&ClientFrame::Mail { req, mailbox, put, seen: 0 }).await;
        a.wait_for(|frame| match frame {
            RelayFrame::Mail { req: answered, .. } if *answered == req => Some(None),
            RelayFrame::Nack { req: answered, code, .. } if *answered == req => Some(Some(*code)),
            _ => None,
        })
        .await
    };
    assert_eq!(asks(1, None).await, None, "opened");
    assert_eq!(asks(1, Some(b"note")).await, None);
    assert_eq!(asks(2, None).await, None);
    assert_eq!(asks(3, None).await, Some(NackCode::RateLimited));
    assert_eq!(asks(1, Some(b"note")).await, Some(NackCode::RateLimited));
    assert_eq!(asks(1, None).await, None, "to look again costs nothing");
}

#[tokio::test]
async fn a_feed_is_asked_for_once_and_answered_within_bounds() {
    let mut world = World::new();
    let ada = world.person();
    let home = Home::with(Limits { feed_bytes: 100_000, ..Limits::default() }).await;
    let mut a = home.join(&ada).await;
    let cursor = FeedCursor { feed: ada.me(), sequence: 0 };
    let mut twice = home.login(&ada).await;
    twice.send(&ClientFrame::Feed { generation: 1, cursors: vec![cursor, cursor] }).await;
    assert_eq!(twice.went_away().await, NackCode::Malformed);
    assert_eq!(a.follow(ada.me(), 0).await.len(), 1);
    drop(home);

    let mut world = World::new();
    let ada = world.person();
    let home = Home::with(Limits { feed_bytes: 10, ..Limits::default() }).await;
    let mut a = home.join(&ada).await;
    let cursors = vec![FeedCursor { feed: ada.me(), sequence: 0 }];
    a.send(&ClientFrame::Feed { generation: 1, cursors }).await;
    assert_eq!(a.went_away().await, NackCode::TooLarge);
}
