//! A client that speaks the protocol frame by frame, and checks nothing but what a test asks.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use homing_crypto::{Domain, InviteSecret, verify};
use homing_wire::{
    AccountOp, ChainProof, ClientFrame, Entry, EntryId, FeedCursor, FeedItem, Hash, Head, InviteId, Lane,
    Member, NackCode, PersonId, Placed, RelayFrame, Repush, Signature, SignedHead, Slot, SpaceId, Stored,
    VerifyKey, auth_bytes, peek_bytes,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::Person;

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    host: String,
    request: u64,
    early: VecDeque<RelayFrame>,
    pub relay: VerifyKey,
    pub nonce: Hash,
    pub generation: u64,
    pub token: String,
    version: u32,
}

impl Client {
    /// A connection after hello and challenge.
    pub async fn open(host: &str) -> Self {
        Self::open_with(host, &[1]).await
    }

    /// The same for a device that knows these versions.
    pub async fn open_with(host: &str, versions: &[u32]) -> Self {
        let (socket, _) = connect_async(format!("ws://{host}/v1/sync")).await.unwrap();
        let mut client = Self {
            socket,
            host: host.to_owned(),
            request: 0,
            early: VecDeque::new(),
            relay: VerifyKey([0; 32]),
            nonce: Hash([0; 32]),
            generation: 0,
            token: String::new(),
            version: 0,
        };
        client.send(&ClientFrame::Hello { versions: versions.to_vec() }).await;
        let RelayFrame::Challenge { relay, nonce, generation, version } = client.frame().await else {
            panic!("no challenge")
        };
        (client.relay, client.nonce, client.generation) = (relay, nonce, generation);
        client.version = version;
        client
    }

    pub async fn login(host: &str, person: &Person) -> Self {
        let mut client = Self::open(host).await;
        client.auth(person).await;
        client
    }

    pub async fn auth(&mut self, person: &Person) {
        let frame = self.try_auth(person, &self.host.clone()).await;
        let RelayFrame::Welcome { blob_token, .. } = frame else { panic!("not welcome: {frame:?}") };
        self.token = blob_token;
    }

    pub async fn try_auth(&mut self, person: &Person, host: &str) -> RelayFrame {
        let bytes = auth_bytes(&self.relay, host, &self.nonce, self.version, &person.id);
        let signature = Signature(person.device.signing().sign(Domain::Auth, &bytes));
        self.send(&ClientFrame::Auth { person: person.id, device: person.device_id(), signature }).await;
        self.frame().await
    }

    pub async fn send(&mut self, frame: &ClientFrame) {
        self.send_bytes(frame.encode()).await;
    }

    /// Sends to a relay that may be gone.
    pub async fn try_send(&mut self, frame: &ClientFrame) -> Result<(), ()> {
        self.socket.send(Message::binary(frame.encode())).await.map_err(drop)
    }

    pub async fn send_bytes(&mut self, bytes: Vec<u8>) {
        self.socket.send(Message::binary(bytes)).await.unwrap();
    }

    /// The next frame from the socket; `None` when it is closed.
    pub async fn receive(&mut self) -> Option<RelayFrame> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.unwrap() {
                Some(Ok(Message::Binary(bytes))) => return Some(RelayFrame::decode(&bytes).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(_)) | Some(Err(_)) | None => return None,
            }
        }
    }

    pub async fn frame(&mut self) -> RelayFrame {
        match self.early.pop_front() {
            Some(frame) => frame,
            None => self.receive().await.unwrap(),
        }
    }

    /// The next frame this picks; others wait.
    pub async fn wait_for<T>(&mut self, mut pick: impl FnMut(&RelayFrame) -> Option<T>) -> T {
        for place in 0..self.early.len() {
            if let Some(found) = pick(&self.early[place]) {
                self.early.remove(place);
                return found;
            }
        }
        loop {
            let frame = self.receive().await.expect("closed");
            if let Some(found) = pick(&frame) {
                return found;
            }
            self.early.push_back(frame);
        }
    }

    pub fn next_request(&mut self) -> u64 {
        self.request += 1;
        self.request
    }

    async fn ask(&mut self, frame: impl FnOnce(u64) -> ClientFrame) -> u64 {
        let req = self.next_request();
        self.send(&frame(req)).await;
        req
    }

    /// An ack's place, or the code of a refusal.
    pub async fn settled(&mut self, asked: u64) -> Result<Option<Placed>, NackCode> {
        self.wait_for(|frame| match frame {
            RelayFrame::Ack { req, placed } if *req == asked => Some(Ok(placed.clone())),
            RelayFrame::Nack { req, code, .. } if *req == asked => Some(Err(*code)),
            _ => None,
        })
        .await
    }

    pub async fn account_push(&mut self, op: &AccountOp) -> Result<(), NackCode> {
        let op = op.encode();
        let req = self.ask(|req| ClientFrame::AccountPush { req, op }).await;
        self.settled(req).await.map(drop)
    }

    pub async fn repush_account(&mut self, log: &[AccountOp]) -> Result<(), NackCode> {
        let ops = log.iter().map(|op| op.encode().into()).collect();
        let req = self.ask(|req| ClientFrame::RepushAccount { req, ops }).await;
        self.settled(req).await.map(drop)
    }

    pub async fn push(&mut self, entry: &Entry) -> Result<Placed, NackCode> {
        let entry = entry.encode();
        let req = self.ask(|req| ClientFrame::Push { req, entry }).await;
        self.settled(req).await.map(Option::unwrap)
    }

    pub async fn push_slot(&mut self, slot: &Slot) -> Result<u64, NackCode> {
        let slot = slot.encode();
        let asked = self.ask(|req| ClientFrame::PushSlot { req, slot }).await;
        self.wait_for(|frame| match frame {
            RelayFrame::SlotAck { req, sequence } if *req == asked => Some(Ok(*sequence)),
            RelayFrame::Nack { req, code, .. } if *req == asked => Some(Err(*code)),
            _ => None,
        })
        .await
    }

    pub async fn pull(
        &mut self,
        space: SpaceId,
        from: u64,
        backwards: bool,
        lane: Lane,
        bytes: u32,
    ) -> Result<(Vec<Stored>, SignedHead, bool), NackCode> {
        let asked = self.ask(|req| ClientFrame::Pull { req, space, from, backwards, lane, bytes }).await;
        self.page(asked).await
    }

    async fn page(&mut self, asked: u64) -> Result<(Vec<Stored>, SignedHead, bool), NackCode> {
        self.wait_for(|frame| match frame {
            RelayFrame::Page { req, entries, head, more, .. } if *req == asked => {
                Some(Ok((entries.clone(), head.clone(), *more)))
            }
            RelayFrame::Nack { req, code, .. } if *req == asked => Some(Err(*code)),
            _ => None,
        })
        .await
    }

    pub async fn pull_all(&mut self, space: SpaceId) -> Result<Vec<Stored>, NackCode> {
        let mut all = Vec::new();
        loop {
            let from = all.last().map_or(0, |stored: &Stored| stored.sequence);
            let (page, _, more) = self.pull(space, from, false, Lane::All, u32::MAX).await?;
            all.extend(page);
            if !more {
                return Ok(all);
            }
        }
    }

    pub async fn peek(
        &mut self,
        space: SpaceId,
        secret: &InviteSecret,
        who: &Person,
    ) -> Result<(Vec<Stored>, SignedHead, bool), NackCode> {
        let bytes = peek_bytes(&space, &who.device_id(), &self.nonce.0);
        let proof = Signature(secret.signing().sign(Domain::InviteProof, &bytes));
        let invite = InviteId(secret.signing().public());
        let asked = self.ask(|req| ClientFrame::Peek { req, space, invite, proof, from: 0 }).await;
        self.page(asked).await
    }

    pub async fn pull_account(&mut self, person: PersonId) -> Result<Vec<Vec<u8>>, NackCode> {
        let asked = self.ask(|req| ClientFrame::PullAccount { req, person, after: None }).await;
        self.wait_for(|frame| match frame {
            RelayFrame::Account { req, ops, .. } if *req == asked => {
                Some(Ok(ops.iter().map(|op| op.to_vec()).collect()))
            }
            RelayFrame::Nack { req, code, .. } if *req == asked => Some(Err(*code)),
            _ => None,
        })
        .await
    }

    pub async fn pull_slots(&mut self, space: SpaceId, since: u64) -> Result<Vec<(u64, Vec<u8>)>, NackCode> {
        let asked = self.ask(|req| ClientFrame::PullSlots { req, space, since }).await;
        self.wait_for(|frame| match frame {
            RelayFrame::Slots { req, slots, .. } if *req == asked => {
                Some(Ok(slots.iter().map(|(sequence, slot)| (*sequence, slot.to_vec())).collect()))
            }
            RelayFrame::Nack { req, code, .. } if *req == asked => Some(Err(*code)),
            _ => None,
        })
        .await
    }

    pub async fn sub(&mut self, space: SpaceId) {
        self.send(&ClientFrame::Sub { space, on: true }).await;
    }

    pub async fn follow(&mut self, feed: Member, sequence: u64) -> Vec<FeedItem> {
        let generation = self.generation;
        self.send(&ClientFrame::Feed { generation, cursors: vec![FeedCursor { feed, sequence }] }).await;
        let mut all = Vec::new();
        loop {
            let (items, done) = self
                .wait_for(|frame| match frame {
                    RelayFrame::Feed { items, caught_up } => Some((items.clone(), *caught_up)),
                    _ => None,
                })
                .await;
            all.extend(items);
            if done {
                return all;
            }
        }
    }

    pub async fn ids(&mut self, space: SpaceId) -> (Vec<EntryId>, SignedHead, bool) {
        let asked = self.ask(|req| ClientFrame::Ids { req, space, from: 0 }).await;
        self.wait_for(|frame| match frame {
            RelayFrame::Ids { req, ids, head, held, .. } if *req == asked => {
                Some((ids.clone(), head.clone(), *held))
            }
            _ => None,
        })
        .await
    }

    /// Proves a whole log from its beginning.
    pub async fn prove(&mut self, log: &[Stored], until: &SignedHead) -> Result<(), NackCode> {
        let items = log
            .iter()
            .map(|stored| (Entry::decode(&stored.entry).unwrap().id(), stored.received_ms, stored.generation))
            .collect();
        let first = log.first().map_or(until.head.generation, |stored| stored.generation);
        let from = if log.is_empty() { until.head } else { Head::empty(first) };
        let proof = ChainProof { from, items, until: Some(until.clone()) };
        let space = until.space;
        let req = self.ask(|req| ClientFrame::Prove { req, space, proof }).await;
        self.settled(req).await.map(drop)
    }

    pub async fn send_repush(&mut self, space: SpaceId, log: &[Stored]) -> u64 {
        let entries = log.iter().map(|stored| Repush { stored: stored.clone() }).collect();
        self.ask(|req| ClientFrame::Repush { req, space, entries }).await
    }

    pub async fn repush(&mut self, space: SpaceId, log: &[Stored]) -> Result<(), NackCode> {
        let req = self.send_repush(space, log).await;
        self.settled(req).await.map(drop)
    }

    pub async fn confirm(&mut self, space: SpaceId, op_head: EntryId) -> Result<(), NackCode> {
        let generation = self.generation;
        let req = self.ask(|req| ClientFrame::ConfirmGeneration { req, space, generation, op_head }).await;
        self.settled(req).await.map(drop)
    }

    pub async fn went_away(&mut self) -> NackCode {
        self.wait_for(|frame| match frame {
            RelayFrame::GoAway { code, .. } => Some(*code),
            _ => None,
        })
        .await
    }

    /// True if this relay signed the head.
    pub fn signed(&self, head: &SignedHead) -> bool {
        let bytes = SignedHead::signed_bytes(&head.space, &head.head);
        verify(Domain::RelayHead, &self.relay.0, &bytes, &head.signature.0).is_ok()
    }
}

/// The head a log leads to.
pub fn chain(log: &[Stored]) -> Head {
    let first = log.first().map_or(1, |stored| stored.generation);
    log.iter().fold(Head::empty(first), |head, stored| {
        head.next(stored.generation, &Entry::decode(&stored.entry).unwrap().id(), stored.received_ms)
    })
}
