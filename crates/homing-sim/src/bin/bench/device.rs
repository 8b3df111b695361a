//! From one person's send to the other's screen: two engines as they run in the app, and a relay in its own process.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use futures_util::{SinkExt as _, StreamExt as _};
use homing_engine::api::{
    Call, ConversationNew, ConversationPage, Conversations, Event, Filter, Focus, Init, Invitation, Invite,
    InviteTo, Join, NewConversation, RelaySet, Send,
};
use homing_engine::env::Env;
use homing_engine::host::{Engine, Options};
use homing_store::{Durability, Store};
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_async, connect_async};

use crate::local::plain_insert;
use crate::relay::Process;
use crate::report::{Report, Times, ms};

const SENDS: usize = 300;
const PATIENCE: Duration = Duration::from_secs(30);

async fn start(folder: &Path) -> Result<Engine> {
    let options = Options { profile: folder.to_owned(), env: Env::system()?, network: true, serve: false };
    Engine::start(options).await.map_err(|error| anyhow!("{error:?}"))
}

async fn ask<T: DeserializeOwned>(engine: &Engine, call: Call) -> Result<T> {
    let answer = engine.call(call).await.map_err(|error| anyhow!("{error:?}"))?;
    Ok(serde_json::from_str(answer.get())?)
}

/// Waits for an event.
async fn until(events: &mut broadcast::Receiver<Event>, wanted: impl Fn(&Event) -> bool) -> Result<()> {
    timeout(PATIENCE, async {
        loop {
            match events.recv().await {
                Ok(event) if wanted(&event) => return Ok(()),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Err(anyhow!("the engine ended")),
            }
        }
    })
    .await
    .context("nothing came")?
}

pub async fn run(report: &mut Report, folder: &Path) -> Result<()> {
    let process = Process::start(&folder.join("relay2"))?;
    let address = format!("http://{}", process.host);
    let ada = start(&folder.join("ada")).await?;
    let init = Init { name: "Ada".to_owned(), relay: None, device_name: None };
    ask::<serde_json::Value>(&ada, Call::Init(init)).await?;
    ask::<serde_json::Value>(&ada, Call::RelaySet(RelaySet { address })).await?;
    let to = InviteTo::Client { name: "Ben".to_owned() };
    let link = ask::<Invitation>(&ada, Call::Invite(Invite { to })).await?.link;
    let ben = start(&folder.join("ben")).await?;
    let mut adas = ada.subscribe();
    ask::<serde_json::Value>(&ben, Call::Join(Join { link, name: Some("Ben".to_owned()) })).await?;
    loop {
        let people: Vec<homing_engine::api::PersonRow> =
            ask(&ada, Call::People(homing_engine::api::Nothing {})).await?;
        if people.iter().any(|person| person.name == "Ben") {
            break;
        }
        until(&mut adas, |_| true).await?;
    }
    let mut bens = ben.subscribe();
    let new = ConversationNew {
        subject: Some("Bench".to_owned()),
        with: vec!["Ben".to_owned()],
        message: Some("first".to_owned()),
        attachments: Vec::new(),
        about: Vec::new(),
    };
    let conversation = ask::<NewConversation>(&ada, Call::ConversationNew(new)).await?.id;
    loop {
        let args = Conversations { filter: Filter::All, after: None, limit: 50 };
        let page: ConversationPage = ask(&ben, Call::Conversations(args)).await?;
        if page.rows.iter().any(|row| row.id == conversation && row.preview == "first") {
            break;
        }
        until(&mut bens, |_| true).await?;
    }
    ask::<serde_json::Value>(
        &ben,
        Call::Focus(Focus { conversation: Some(conversation.clone()), attended: true }),
    )
    .await?;
    let mut times = Times::default();
    for n in 0..SENDS {
        let text = format!("message {n}");
        let send = Send {
            conversation: conversation.clone(),
            text: text.clone(),
            attachments: Vec::new(),
            ..Send::default()
        };
        let begin = Instant::now();
        ask::<serde_json::Value>(&ada, Call::Send(send)).await?;
        until(&mut bens, |event| {
            matches!(event, Event::Messages { upsert, .. } if upsert.iter().any(|row| row.body == text))
        })
        .await?;
        times.add(begin.elapsed());
    }
    let mut echo = websocket_echo().await?;
    let mut syncs = fsyncs(&folder.join("sync"))?;
    let (mut sender, mut receiver) =
        (plain_inserts(folder, Durability::Full)?, plain_inserts(folder, Durability::Normal)?);
    // The message and its frozen entry on the sender's disk, then the relay's. What comes in is in the receiver's log file.
    let floor = echo.percent(50) + 2 * syncs.percent(50);
    let times_floor = crate::report::ratio(times.percent(50), floor);
    report.row(
        "send pressed to the other device's screen, loopback",
        format!("{} ({times_floor:.1}x)", times.text()),
        format!(
            "{}: a WebSocket echo of another process ({}) and 2 fsyncs of the way ({} each)",
            ms(floor),
            ms(echo.percent(50)),
            ms(syncs.percent(50))
        ),
        "<= 3x",
        Some(times_floor <= 3.0),
    );
    // Where an fsync takes less time than encrypting the pages it writes, the first floor is less than any device can do.
    let floor = echo.percent(50) + sender.percent(50) + syncs.percent(50) + receiver.percent(50);
    let times_floor = crate::report::ratio(times.percent(50), floor);
    report.row(
        "the same, against what both devices and the relay have to write",
        format!("{} ({times_floor:.1}x)", times.text()),
        format!(
            "{}: the echo, a plain insert at the sender ({}), an fsync at the relay, a plain insert at the receiver ({})",
            ms(floor),
            ms(sender.percent(50)),
            ms(receiver.percent(50))
        ),
        "<= 3x",
        Some(times_floor <= 3.0),
    );
    ada.stop().await;
    ben.stop().await;
    Ok(())
}

/// Answers every message of a WebSocket with itself, until the process is ended.
pub fn serve_echo() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        println!("{}", listener.local_addr()?);
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let mut socket = accept_async(socket).await?;
        while let Some(message) = socket.next().await {
            let message = message?;
            if message.is_binary() {
                socket.send(message).await?;
            }
        }
        Ok(())
    })
}

/// Round trips of a message as large as a sealed entry.
async fn websocket_echo() -> Result<Times> {
    let process = Process::of("echo-on", &[])?;
    let (mut socket, _) = connect_async(format!("ws://{}", process.host)).await?;
    let mut times = Times::default();
    for _ in 0..SENDS {
        let begin = Instant::now();
        socket.send(Message::binary(vec![7; 600])).await?;
        socket.next().await.context("closed")??;
        times.add(begin.elapsed());
    }
    Ok(times)
}

/// Messages written as plain projection and search rows.
fn plain_inserts(folder: &Path, durability: Durability) -> Result<Times> {
    let mut store = Store::open(&folder.join(format!("plain-{durability:?}.db")), &[9; 32])?;
    let mut times = Times::default();
    for n in 0..SENDS {
        times.add(plain_insert(&mut store, n, durability)?);
    }
    Ok(times)
}

/// Small durable writes.
pub fn fsyncs(path: &Path) -> Result<Times> {
    let mut file = std::fs::File::create(path)?;
    Times::of(200, |_| {
        std::io::Write::write_all(&mut file, &[1; 4096])?;
        Ok(file.sync_data()?)
    })
}
