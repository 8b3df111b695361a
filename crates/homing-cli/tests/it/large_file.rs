//! A file of 200 MB whose sender, relay and receiver are each killed twice on its way.

use std::fs::File;
use std::io::{BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::scanner::Scanner;
use crate::support::{Device, Pair, Running, text};

/// Stands in every block of the file.
const CANARY: &str = "canary-of-the-large-film-7wq2";
const BLOCK: usize = 64 * 1024;
const BLOCKS: usize = 3200;
/// Parts the file has on disks.
const PARTS: usize = 51;
/// What each process may take above its idle self.
const MORE_KB: u64 = 150 * 1024;
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(90);

/// Bytes that look like chance and are the same in every run, a block at a time, no two alike.
fn blocks() -> impl Iterator<Item = Vec<u8>> {
    let mut word = 0x9e37_79b9_7f4a_7c15u64;
    let mut first = CANARY.as_bytes().to_vec();
    while first.len() < BLOCK {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        first.extend(word.to_le_bytes());
    }
    first.truncate(BLOCK - 8);
    (0..BLOCKS).map(move |number| [first.as_slice(), &number.to_le_bytes()].concat())
}

fn write_film(path: &Path) {
    let mut film = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    blocks().for_each(|block| film.write_all(&block).unwrap());
    film.flush().unwrap();
}

fn is_the_film(path: &Path) -> bool {
    let mut saved = File::open(path).unwrap();
    let mut read = vec![0; BLOCK];
    let same = blocks().all(|block| saved.read_exact(&mut read).is_ok() && read == block);
    same && saved.read(&mut read).unwrap() == 0
}

/// Files named by a number: the parts of a file that are whole.
fn parts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            // What is still being sealed is no part yet.
            if !entry.file_name().to_string_lossy().starts_with("sealing-") {
                found.extend(parts(&path));
            }
        } else if entry.file_name().to_string_lossy().parse::<u32>().is_ok() {
            found.push(path);
        }
    }
    found
}

async fn reaches(folder: &Path, count: usize) {
    let waiting = async {
        while parts(folder).len() < count {
            sleep(Duration::from_millis(2)).await;
        }
    };
    let there = timeout(PATIENCE, waiting).await;
    assert!(there.is_ok(), "{} of {count} parts in {}", parts(folder).len(), folder.display());
}

/// The most memory a process ever held, where the system tells.
fn peak_kb(process: Option<u32>) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process?)).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Peaks of a process that was killed again and again, against itself when idle.
struct Memory {
    who: &'static str,
    idle: Option<u64>,
    peak: Option<u64>,
}

impl Memory {
    fn idle(who: &'static str, process: Option<u32>) -> Self {
        let idle = peak_kb(process);
        assert!(idle.is_some() || !cfg!(target_os = "linux"));
        Self { who, idle, peak: idle }
    }

    fn note(&mut self, process: Option<u32>) {
        self.peak = self.peak.max(peak_kb(process));
    }

    fn held(&self) {
        if let (Some(idle), Some(peak)) = (self.idle, self.peak) {
            println!("{}: idle {} MB, at most {} MB more", self.who, idle / 1024, (peak - idle) / 1024);
            assert!(peak - idle < MORE_KB, "{}: {idle} kB idle, {peak} kB at most", self.who);
        }
    }
}

/// The device's engine, caught up with the relay.
async fn watch(device: &Device) -> Running {
    let mut watching = device.start(&["sync", "--watch"]);
    watching.next().await;
    watching
}

#[tokio::test]
async fn a_large_file_arrives_though_everybody_is_killed_twice_on_its_way() {
    let Pair { mut relay, ada, ben, conversation } = Pair::meet().await;
    let film = ada.file("the-large-film.bin");
    write_film(&film);
    let (at_relay, at_ben) = (relay.data().join("blobs"), ben.profile().join("files"));

    // Idle: once everything has been loaded that takes part.
    let sender = watch(&ada).await;
    let mut of_ada = Memory::idle("sender", sender.id());
    let mut of_relay = Memory::idle("relay", relay.id());
    let receiver = watch(&ben).await;
    let mut of_ben = Memory::idle("receiver", receiver.id());
    receiver.kill().await;

    // The sender's running engine is given the file, and is killed while it brings it to the relay.
    ada.one(&["send", &conversation, "The film", "--attach", film.to_str().unwrap()]).await;
    reaches(&at_relay, 6).await;
    of_ada.note(sender.id());
    sender.kill().await;
    let first = parts(&at_relay).into_iter().find(|part| part.ends_with("0")).unwrap();
    let stored = first.metadata().unwrap().modified().unwrap();
    let sender = watch(&ada).await;
    reaches(&at_relay, 14).await;
    of_ada.note(sender.id());
    sender.kill().await;
    let sender = watch(&ada).await;

    reaches(&at_relay, 20).await;
    of_relay.note(relay.id());
    relay.kill().await;
    relay.start_again().await;

    // The receiver fetches what is there already, is killed, and goes on.
    ben.sync().await;
    let message = ben.all(&["messages", &conversation]).await.pop().unwrap();
    let file = text(&message["attachments"][0], "id");
    let saved = ben.file("saved.bin");
    let save = ["attachment", "save", &file, saved.to_str().unwrap()];
    let receiver = ben.start(&save);
    reaches(&at_ben, 5).await;
    of_ben.note(receiver.id());
    receiver.kill().await;
    let receiver = ben.start(&save);
    reaches(&at_ben, 15).await;
    of_ben.note(receiver.id());
    receiver.kill().await;

    let mut receiver = ben.start(&save);
    reaches(&at_ben, 22).await;
    of_relay.note(relay.id());
    relay.kill().await;
    relay.start_again().await;
    reaches(&at_ben, PARTS).await;
    receiver.next().await;
    of_ada.note(sender.id());
    of_relay.note(relay.id());
    of_ben.note(receiver.id());
    receiver.ended().await;
    sender.kill().await;

    assert!(is_the_film(&saved), "other bytes arrived");
    assert_eq!(parts(&at_relay).len(), PARTS);
    assert_eq!(first.metadata().unwrap().modified().unwrap(), stored, "a part was sent twice");
    [of_ada, of_relay, of_ben].iter().for_each(Memory::held);

    let scanner = Scanner::new(&[CANARY, "the-large-film.bin"]);
    for (folder, least) in
        [(relay.data().to_owned(), 200_000_000), (ada.profile(), 200_000_000), (ben.profile(), 200_000_000)]
    {
        let (found, looked_at) = scanner.search(&folder);
        assert_eq!(found, Vec::<String>::new());
        assert!(looked_at > least, "{looked_at} bytes in {}", folder.display());
    }
}
