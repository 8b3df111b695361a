//! The commands: each makes its calls and prints what they answer.

mod choices;
mod files;
mod link;
mod message;
mod notices;
mod people;
mod profile;
mod quick;
mod records;
mod search;
mod sync;
mod talk;

use std::io::Read as _;
use std::path::Path;

use homing_engine::api::{ApiError, Call, Code, FileSource, ItemRef, Nothing, Send};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;

use crate::args::Command;
use crate::client::Client;
use crate::print::Printer;
use crate::shapes;

/// How a command that did not fail ended.
pub enum Outcome {
    Done,
    /// The doctor found damage that is still there.
    Unhealthy,
}

/// Runs a command to its end.
pub async fn run(command: Command, client: &Client, out: &Printer) -> Result<Outcome, ApiError> {
    let run = Run { client, out };
    match command {
        Command::Init { name, relay, device_name } => run.init(name, relay, device_name).await,
        Command::Status => run.status().await,
        Command::Sync { watch } => run.sync(watch).await,
        Command::Unlock => run.unlock().await,
        Command::Lock => run.lock().await,
        Command::Invite { client, team, talk, role } => run.invite(client, team, talk, role).await,
        Command::Invitation(command) => run.invitation(command).await,
        Command::Join { link, name, preview } => run.join(&link, name, preview).await,
        Command::Request(command) => run.request(command).await,
        Command::Approve { request } => run.item(Call::Approve, request).await,
        Command::People { command } => run.people(command).await,
        Command::Colleague(command) => run.colleague(command).await,
        Command::Safety { person, verified, not_verified } => {
            run.safety(person, verified, not_verified).await
        }
        Command::Link(command) => run.link(command).await,
        Command::Device(command) => run.device(command).await,
        Command::Member(command) => run.member(command).await,
        Command::Leave { conversation } => run.leave(conversation).await,
        Command::Conversation(command) => run.conversation(command).await,
        Command::Property(command) => run.property(command).await,
        Command::Interest(command) => run.interest(command).await,
        Command::Send { conversation, text, attach, reply_to, about, at } => {
            let send = Send { conversation, reply_to, about, at, ..Send::default() };
            run.send(send, &text, &attach).await
        }
        Command::Messages { conversation, after, limit, unread } => {
            run.messages(conversation, after, limit, unread).await
        }
        Command::Message(command) => run.message(command).await,
        Command::Draft(command) => run.draft(command).await,
        Command::Outbox(command) => run.outbox(command).await,
        Command::Quick(command) => run.quick(command).await,
        Command::Attachment(command) => run.attachment(command).await,
        Command::Files(command) => run.files(command).await,
        Command::Notification(command) => run.notification(command).await,
        Command::Search(search) => run.search(search).await,
        Command::Backup { file, backup_passphrase_file } => {
            run.backup(&file, backup_passphrase_file.as_deref()).await
        }
        Command::Restore { file, backup_passphrase_file, words_file } => {
            run.restore(&file, backup_passphrase_file.as_deref(), words_file.as_deref()).await
        }
        Command::Doctor { repair } => return run.doctor(repair).await,
        Command::Recovery(command) => run.recovery(command).await,
        Command::Config(command) => run.config(command).await,
        Command::Seed { messages, conversations, random_seed } => {
            run.seed(messages, conversations, random_seed).await
        }
        Command::Demo(command) => run.demo(command).await,
    }?;
    Ok(Outcome::Done)
}

/// A command under way.
struct Run<'a> {
    client: &'a Client,
    out: &'a Printer,
}

impl Run<'_> {
    async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, ApiError> {
        self.client.call(call).await
    }

    /// Makes a call and prints its answer in the shape `S`.
    async fn show<T, S>(&self, call: Call) -> Result<(), ApiError>
    where
        T: DeserializeOwned,
        S: From<T> + Serialize + Display,
    {
        let answer: T = self.call(call).await?;
        self.out.print(&S::from(answer));
        Ok(())
    }

    /// Makes a call and prints the rows it answers in the shape `S`.
    async fn list<T, S>(&self, call: Call) -> Result<(), ApiError>
    where
        T: DeserializeOwned,
        S: From<T> + Serialize + Display,
    {
        let rows: Vec<T> = self.call(call).await?;
        for row in rows {
            self.out.print(&S::from(row));
        }
        Ok(())
    }

    /// Makes a call that answers no more than that it is done.
    async fn done(&self, call: Call) -> Result<(), ApiError> {
        let _: homing_engine::api::Done = self.call(call).await?;
        self.out.print(&shapes::Done { done: true });
        Ok(())
    }

    async fn item(&self, call: fn(ItemRef) -> Call, id: String) -> Result<(), ApiError> {
        self.done(call(ItemRef { id })).await
    }

    async fn items(&self, call: fn(ItemRef) -> Call, ids: Vec<String>) -> Result<(), ApiError> {
        for id in ids {
            self.item(call, id).await?;
        }
        Ok(())
    }
}

/// An argument, or all of stdin (without its last line break) if it is `-`.
fn text_or_stdin(text: &str) -> Result<String, ApiError> {
    if text != "-" {
        return Ok(text.to_owned());
    }
    let mut read = String::new();
    std::io::stdin()
        .read_to_string(&mut read)
        .map_err(|error| ApiError::new(Code::FileFailed, format!("stdin can't be read: {error}")))?;
    if read.ends_with('\n') {
        read.pop();
        if read.ends_with('\r') {
            read.pop();
        }
    }
    Ok(read)
}

/// The process that does the work may stand in another folder.
fn absolute(path: &Path) -> Result<String, ApiError> {
    let failed = |why: String| ApiError::new(Code::FileFailed, format!("{}: {why}", path.display()));
    let absolute = std::path::absolute(path).map_err(|error| failed(error.to_string()))?;
    absolute.into_os_string().into_string().map_err(|_| failed("the name is not Unicode".into()))
}

fn attachments(paths: &[impl AsRef<Path>]) -> Result<Vec<FileSource>, ApiError> {
    paths.iter().map(|path| Ok(FileSource::Path { path: absolute(path.as_ref())? })).collect()
}

const NOTHING: Nothing = Nothing {};
