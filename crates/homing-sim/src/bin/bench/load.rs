//! Devices that speak the protocol as fast as they can. Their entries are signed before the clock runs.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use homing_access::build::{Author, new_account, sign_entry, space_genesis};
use homing_access::{AccountState, Directory, SpaceState};
use homing_crypto::{DeviceSecret, Domain, RecoverySecret, Seed32};
use homing_wire::{
    AccountOp, ClientFrame, DeviceId, EntryId, Grant, Member, PersonId, RelayFrame, Role, Salt, Signature,
    SpaceId, SpaceOrigin, auth_bytes,
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Bytes of an entry's sealed content, so that an entry has about 300 on top of its header.
const CONTENT: usize = 272;

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A person with one device.
pub struct Person {
    id: PersonId,
    device: DeviceSecret,
    account: AccountOp,
    state: AccountState,
}

/// A person who writes into a space of their own.
pub struct Writer {
    pub person: Person,
    pub space: SpaceId,
    epoch: EntryId,
    /// The first op and then data, encoded and in order.
    pub entries: Vec<Vec<u8>>,
    dseq: u64,
    prev: Option<EntryId>,
}

struct Members(BTreeMap<PersonId, AccountState>);

impl Directory for Members {
    fn account(&self, person: &PersonId) -> Option<&AccountState> {
        self.0.get(person)
    }

    fn team(&self, _: &SpaceId) -> Option<&SpaceState> {
        None
    }
}

impl Writer {
    /// A space of these readers and a person who writes into it.
    pub fn new(rng: &mut ChaCha20Rng, readers: &[Person]) -> Result<Self> {
        let person = Person::new(rng)?;
        let mut nonce = [0; 16];
        rng.fill_bytes(&mut nonce);
        let origin = SpaceOrigin::Talk(person.id, nonce);
        let mut members = vec![Grant { member: Member::Person(person.id), role: Role::Owner }];
        members
            .extend(readers.iter().map(|one| Grant { member: Member::Person(one.id), role: Role::Member }));
        let known = readers.iter().chain([&person]).map(|one| (one.id, one.state.clone())).collect();
        let (op, _) = space_genesis(rng, origin, members, &Members(known))?;
        let space = SpaceId::derive(&origin);
        let mut writer =
            Self { person, space, epoch: EntryId([0; 32]), entries: Vec::new(), dseq: 0, prev: None };
        let genesis = writer.author().sign_op(space, None, &op);
        writer.epoch = genesis.id();
        writer.keep(genesis.id(), genesis.encode());
        Ok(writer)
    }

    fn author(&self) -> Author<'_> {
        Author {
            key: self.person.device.signing(),
            person: self.person.id,
            written_as: Member::Person(self.person.id),
            dseq: self.dseq + 1,
            prev: self.prev,
            salt: Salt([1; 16]),
            rules: 1,
            seen: None,
        }
    }

    fn keep(&mut self, id: EntryId, bytes: Vec<u8>) {
        self.dseq += 1;
        self.prev = Some(id);
        self.entries.push(bytes);
    }

    /// Signs more entries. What is in them only their readers could tell.
    pub fn write(&mut self, rng: &mut ChaCha20Rng, count: usize) {
        for _ in 0..count {
            let mut nonce = [0; 24];
            rng.fill_bytes(&mut nonce);
            let mut content = vec![0; CONTENT];
            rng.fill_bytes(&mut content);
            let header = self.author().data_header(self.space, self.epoch, self.epoch, nonce);
            let entry = sign_entry(header, content, self.person.device.signing());
            self.keep(entry.id(), entry.encode());
        }
    }
}

impl Person {
    pub fn new(rng: &mut ChaCha20Rng) -> Result<Self> {
        let device = DeviceSecret::from_seed(&Seed32::random(rng));
        let recovery = RecoverySecret::from_seed(&Seed32::random(rng));
        let (account, _) = new_account(rng, &device, &recovery)?;
        let state = AccountState::genesis(&account)?;
        Ok(Self { id: state.person(), device, account, state })
    }

    /// Registers the person, and a connection that speaks for the device.
    pub async fn connect(&self, host: &str) -> Result<Device> {
        let (socket, _) = connect_async(format!("ws://{host}/v1/sync")).await?;
        let mut device = Device { socket, request: 0 };
        device.send(&ClientFrame::Hello { versions: vec![1] }).await?;
        let RelayFrame::Challenge { relay, nonce, .. } = device.next().await? else { bail!("no challenge") };
        let req = device.number();
        device.send(&ClientFrame::AccountPush { req, op: self.account.encode() }).await?;
        device.settled(req).await?;
        let bytes = auth_bytes(&relay, host, &nonce, 1, &self.id);
        let signature = Signature(self.device.signing().sign(Domain::Auth, &bytes));
        let id = DeviceId(self.device.signing().public());
        device.send(&ClientFrame::Auth { person: self.id, device: id, signature }).await?;
        match device.next().await? {
            RelayFrame::Welcome { .. } => Ok(device),
            other => bail!("not welcome: {other:?}"),
        }
    }
}

/// A session.
pub struct Device {
    socket: Socket,
    request: u64,
}

impl Device {
    pub fn number(&mut self) -> u64 {
        self.request += 1;
        self.request
    }

    pub async fn send(&mut self, frame: &ClientFrame) -> Result<()> {
        Ok(self.socket.send(Message::binary(frame.encode())).await?)
    }

    pub async fn next(&mut self) -> Result<RelayFrame> {
        loop {
            match self.socket.next().await.context("closed")?? {
                Message::Binary(bytes) => match RelayFrame::decode(&bytes)? {
                    RelayFrame::GoAway { code, .. } => bail!("the relay ended the session: {code:?}"),
                    frame => return Ok(frame),
                },
                Message::Ping(_) | Message::Pong(_) => {}
                other => bail!("unexpected {other:?}"),
            }
        }
    }

    async fn settled(&mut self, asked: u64) -> Result<()> {
        loop {
            match self.next().await? {
                RelayFrame::Ack { req, .. } if req == asked => return Ok(()),
                RelayFrame::Nack { req, code, .. } if req == asked => bail!("refused: {code:?}"),
                _ => {}
            }
        }
    }

    /// Pushes an entry and waits for its acknowledgement.
    pub async fn push(&mut self, entry: &[u8]) -> Result<()> {
        let req = self.number();
        self.send(&ClientFrame::Push { req, entry: entry.to_vec() }).await?;
        self.settled(req).await
    }

    /// Pushes entries, many at a time.
    pub async fn push_all(&mut self, entries: &[Vec<u8>]) -> Result<()> {
        for chunk in entries.chunks(256) {
            let mut last = 0;
            for entry in chunk {
                last = self.number();
                self.send(&ClientFrame::Push { req: last, entry: entry.clone() }).await?;
            }
            self.settled(last).await?;
        }
        Ok(())
    }
}
