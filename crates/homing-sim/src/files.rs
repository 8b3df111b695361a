//! Files: the requests a transfer makes of the relay beside the socket, and what people do with files.
//!
//! A transfer runs in one go when its time comes. The network may swallow each of its requests: before the relay had it,
//! between the chunk's bytes and the relay's note of them, or on the answer's way back.

use std::cell::RefCell;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use data_encoding::BASE64;
use homing_engine::api::{Attachment, Call, FileData, FileSource, ItemRef, MessageRow, Send, Sent};
use homing_engine::port::{Input, Shortage, TransferEvent, TransferJob};
use homing_engine::transfer::{Answer, Chunks, carry};
use homing_relay::RelayCore;
use homing_relay::core::{BlobAnswer, BlobAsk, BlobRefusal};
use homing_wire::Hash;
use rand::RngExt;
use rand_chacha::ChaCha20Rng;

use crate::net::{Weather, cuts};
use crate::people::rfc3339;
use crate::world::{DeviceId, World};

/// The relay as a transfer reaches it.
struct Door<'a> {
    /// None: nobody answers.
    relay: RefCell<Option<&'a mut RelayCore>>,
    rng: RefCell<&'a mut ChaCha20Rng>,
    weather: Weather,
    now_ms: u64,
}

impl Door<'_> {
    /// Whether the network swallows this.
    fn lost(&self) -> Result<(), Answer> {
        if cuts(&self.weather, &mut self.rng.borrow_mut()) { Err(Answer::None) } else { Ok(()) }
    }

    /// One question, committed before it is answered.
    fn ask(&self, job: &TransferJob, ask: BlobAsk) -> Result<BlobAnswer, Answer> {
        let mut relay = self.relay.borrow_mut();
        let relay = relay.as_mut().ok_or(Answer::None)?;
        let reply = relay.blob(&job.token, ask, self.now_ms).map_err(|_| Answer::Status(500))?;
        relay.commit().map_err(|_| Answer::Status(500))?;
        reply.map_err(|refusal| match refusal {
            BlobRefusal::Quota => Answer::Short(Shortage::Quota),
            BlobRefusal::DiskFull => Answer::Short(Shortage::Disk),
            other => Answer::Status(other.status()),
        })
    }

    fn request(&self, job: &TransferJob, ask: BlobAsk) -> Result<BlobAnswer, Answer> {
        self.lost()?;
        let answer = self.ask(job, ask)?;
        self.lost().map(|()| answer)
    }
}

impl Chunks for Door<'_> {
    fn declare(&self, job: &TransferJob) -> Result<(), Answer> {
        let ask = BlobAsk::Declare { blob: job.blob, space: job.space, hashes: job.chunks.clone() };
        self.request(job, ask).map(drop)
    }

    fn have(&self, job: &TransferJob) -> Result<String, Answer> {
        match self.request(job, BlobAsk::Have { blob: job.blob })? {
            BlobAnswer::Chunks(there) => {
                Ok(there.into_iter().map(|there| if there { '1' } else { '0' }).collect())
            }
            _ => Err(Answer::Status(500)),
        }
    }

    fn put(&self, job: &TransferJob, index: usize, chunk: &[u8]) -> Result<(), Answer> {
        let (blob, index, bytes) = (job.blob, index as u64, chunk.len() as u64);
        let expected = match self.request(job, BlobAsk::Put { blob, index, bytes })? {
            BlobAnswer::Expect(expected) => expected,
            // Another brought it.
            BlobAnswer::Done => return Ok(()),
            BlobAnswer::Chunks(_) => return Err(Answer::Status(500)),
        };
        if Hash::of(chunk) != expected {
            return Err(Answer::Status(422));
        }
        let files = self.relay.borrow().as_ref().map(|relay| relay.blob_files()).ok_or(Answer::None)?;
        files.write(&blob, index, chunk).map_err(|_| Answer::Short(Shortage::Disk))?;
        self.request(job, BlobAsk::Stored { blob, index, bytes }).map(drop)
    }

    fn get(&self, job: &TransferJob, index: usize) -> Result<Vec<u8>, Answer> {
        let (blob, index) = (job.blob, index as u64);
        self.request(job, BlobAsk::Get { blob, index })?;
        let files = self.relay.borrow().as_ref().map(|relay| relay.blob_files()).ok_or(Answer::None)?;
        files.read(&blob, index).map_err(|_| Answer::Status(404))
    }
}

impl World {
    /// A transfer begins once its first request is at the relay.
    pub(crate) fn submit_transfer(&mut self, device: DeviceId, job: TransferJob) -> Result<()> {
        let way = self.weather.latency_ms;
        let at = self.now_ms() + self.rng().random_range(0..=way);
        self.at_mut(device)?.transfers.put(job, Duration::from_millis(at));
        Ok(())
    }

    /// Carries out the transfers of a device that are due.
    pub(crate) fn turn_transfers(&mut self, device: DeviceId, now_ms: u64) -> Result<()> {
        let now = Duration::from_millis(now_ms);
        while let Some(one) = self.at_mut(device)?.transfers.take(now) {
            let weather = self.weather;
            let reachable = self.at(device)?.online;
            let steps = RefCell::new(Vec::new());
            let (relay, rng) = self.relay_and_rng();
            let door = Door {
                relay: RefCell::new(relay.filter(|_| reachable)),
                rng: RefCell::new(rng),
                weather,
                now_ms,
            };
            let ended = carry(&one.job, &door, |step| {
                steps.borrow_mut().push(step);
                true
            });
            let (blob, space, kind) = (one.job.blob, one.job.space, one.job.kind);
            let owner = self.at_mut(device)?;
            owner.last_job = Some(one.job.clone());
            owner.transfers.done(one, ended.again, now);
            for step in steps.into_inner() {
                self.input(device, Input::Transfer(TransferEvent { blob, space, kind, step }))?;
            }
        }
        Ok(())
    }

    /// Sends a text with a file.
    pub fn send_file(
        &mut self,
        device: DeviceId,
        conversation: &str,
        name: &str,
        bytes: &[u8],
    ) -> Result<String> {
        let send = with_file(conversation, name, bytes);
        Ok(self.ask::<Sent>(device, Call::Send(send))?.id)
    }

    /// Sends a text with a file at a time.
    pub fn send_file_at(
        &mut self,
        device: DeviceId,
        conversation: &str,
        (name, bytes): (&str, &[u8]),
        at_ms: u64,
    ) -> Result<String> {
        let send = Send { at: Some(rfc3339(at_ms)?), ..with_file(conversation, name, bytes) };
        Ok(self.ask::<Sent>(device, Call::Send(send))?.id)
    }

    /// The only file of a message, as a screen sees it.
    pub fn file_row(&mut self, device: DeviceId, conversation: &str, name: &str) -> Result<Attachment> {
        let rows: Vec<MessageRow> = self.messages(device, conversation)?;
        let row = rows.into_iter().find(|row| row.body == name).context("no such message")?;
        row.attachments.into_iter().next().context("no file")
    }

    /// Wants a file here, as a screen that shows it does.
    pub fn fetch_file(&mut self, device: DeviceId, id: &str) -> Result<Attachment> {
        self.ask(device, Call::AttachmentFetch(ItemRef { id: id.to_owned() }))
    }

    /// Ends a file's way, up or down.
    pub fn stop_file(&mut self, device: DeviceId, id: &str) -> Result<Attachment> {
        self.ask(device, Call::AttachmentStop(ItemRef { id: id.to_owned() }))
    }

    /// A file's bytes.
    pub fn read_file(&mut self, device: DeviceId, id: &str) -> Result<Vec<u8>> {
        let file: FileData = self.ask(device, Call::AttachmentRead(ItemRef { id: id.to_owned() }))?;
        BASE64.decode(file.base64.as_bytes()).map_err(|error| anyhow!("{error}"))
    }

    /// Asks the relay for a chunk of any file with the right of this device's session; true if it is given.
    pub fn is_given(&mut self, device: DeviceId, job: &TransferJob) -> Result<bool> {
        let token = self.last_job(device)?.token;
        let now_ms = self.now_ms();
        let (relay, rng) = self.relay_and_rng();
        let door =
            Door { relay: RefCell::new(relay), rng: RefCell::new(rng), weather: Weather::CALM, now_ms };
        let job = TransferJob { token, ..job.clone() };
        match (door.have(&job), door.get(&job, 0)) {
            (_, Err(Answer::Status(401))) => bail!("the device's session is over"),
            (have, got) => Ok(have.is_ok() || got.is_ok()),
        }
    }

    /// The newest transfer of a device.
    pub fn last_job(&self, device: DeviceId) -> Result<TransferJob> {
        self.at(device)?.last_job.clone().context("no transfer yet")
    }
}

fn with_file(conversation: &str, name: &str, bytes: &[u8]) -> Send {
    let file = FileSource::Bytes {
        name: name.to_owned(),
        mime: "application/octet-stream".to_owned(),
        base64: BASE64.encode(bytes),
        voice: None,
    };
    Send {
        conversation: conversation.to_owned(),
        text: name.to_owned(),
        attachments: vec![file],
        ..Send::default()
    }
}
