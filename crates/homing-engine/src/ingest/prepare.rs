//! What can be known of an entry without the database: its form, id, signature, and what it says.
//!
//! This is most of the work of catching up (the signature alone is half of it), and entries don't depend on each
//! other here. So other processors run ahead through the page while this one writes, and this one helps
//! whenever it has nothing to write.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZero;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use homing_crypto::{Domain, Verifier};
use homing_wire::{DeviceId, Entry, EntryBody, EntryId, Stored};

use crate::content::{self, OpenError};
use crate::docs::{Opened, read_changes};
use crate::fail::Fail;
use crate::replica::Keys;

/// Entries prepared in one go: enough to make handing them over cheap, few enough that nobody waits long.
const CHUNK: usize = 32;
/// More processors than this have nothing to do: one writer can't take in what they prepare.
const HELPERS: usize = 3;
/// Asked for once: the answer stands in files of the system.
static PROCESSORS: LazyLock<usize> =
    LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZero::get));

/// An entry, looked at.
pub(super) struct Prepared {
    pub entry: Entry,
    pub id: EntryId,
    /// Its signature is its device's.
    pub verified: bool,
    /// What it says; none if its key is not here, or it is an op.
    pub opened: Option<Result<Vec<Opened>, OpenError>>,
}

/// Devices whose entries were met, with their keys ready to verify; none for a key that signs nothing.
type Signers = HashMap<DeviceId, Option<Verifier>>;

/// None: it has no form that this version can read.
fn prepare(stored: &Stored, keys: &Keys, signers: &mut Signers) -> Option<Prepared> {
    let entry = Entry::decode(&stored.entry).ok()?;
    let signed = entry.signed_bytes();
    let id = EntryBody::id_of(&signed);
    let header = entry.header();
    let signer = signers.entry(header.device).or_insert_with(|| Verifier::new(&header.device.0).ok());
    let verified = signer
        .as_ref()
        .is_some_and(|signer| signer.verify(Domain::Entry, &signed, &entry.signature.0).is_ok());
    let key = header.epoch.and_then(|epoch| keys.get(&(header.space, epoch)));
    let opened = match key {
        Some(key) if verified => {
            Some(content::open_changes(key, header, &entry.body.content).map(read_changes))
        }
        _ => None,
    };
    Some(Prepared { entry, id, verified, opened })
}

/// Prepares a page on all processors and gives the entries to `take`, in their order.
pub(super) fn prepare_page(
    page: &[&Stored],
    keys: &Keys,
    mut take: impl FnMut(&Stored, Option<Prepared>) -> Result<(), Fail>,
) -> Result<(), Fail> {
    let chunks: Vec<&[&Stored]> = page.chunks(CHUNK).collect();
    let work = |chunk: &[&Stored]| {
        let mut signers = Signers::new();
        chunk.iter().map(|one| prepare(one, keys, &mut signers)).collect::<Vec<_>>()
    };
    let next = AtomicUsize::new(0);
    let claim = || {
        let place = next.fetch_add(1, Ordering::Relaxed);
        chunks.get(place).map(|chunk| (place, work(chunk)))
    };
    let helpers = HELPERS.min(*PROCESSORS - 1).min(chunks.len().saturating_sub(1));
    std::thread::scope(|scope| {
        let (done, ready) = mpsc::channel();
        for _ in 0..helpers {
            let done = done.clone();
            let helper = std::thread::Builder::new().name("prepare".to_owned());
            // Without a thread this one does it all; a receiver that is gone has failed and wants no more.
            drop(helper.spawn_scoped(scope, move || {
                while let Some(chunk) = claim() {
                    if done.send(chunk).is_err() {
                        return;
                    }
                }
            }));
        }
        drop(done);
        let mut early = BTreeMap::new();
        for (place, chunk) in chunks.iter().enumerate() {
            let prepared = loop {
                early.extend(ready.try_iter());
                if let Some(prepared) = early.remove(&place) {
                    break prepared;
                }
                match claim() {
                    Some((other, prepared)) => early.insert(other, prepared),
                    // All are claimed: the one that is wanted is under way.
                    None => match ready.recv() {
                        Ok((other, prepared)) => early.insert(other, prepared),
                        Err(_) => return Err(Fail::Internal("a page was not prepared")),
                    },
                };
            };
            for (stored, prepared) in chunk.iter().zip(prepared) {
                take(stored, prepared)?;
            }
        }
        Ok(())
    })
}
