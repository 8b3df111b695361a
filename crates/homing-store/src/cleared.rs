//! What a person deleted of conversations for themselves: all of it up to a mark. Messages that the mark covers lie among the
//! strays, so no list, counter or search has to know of it; a conversation with nothing newer is hidden.

use homing_wire::DocId;

use crate::people::heard;
use crate::sql::doc;
use crate::{Read, Result, Tx};

/// Until where a conversation is deleted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cleared {
    /// It is out of sight until something newer is in it.
    pub hidden: bool,
    /// Others' messages that the relay received until then, Unix ms.
    pub received_ms: u64,
    /// Own messages written until then, Unix ms.
    pub author_ms: u64,
}

impl Cleared {
    /// Whichever of both reaches further.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            hidden: self.hidden || other.hidden,
            received_ms: self.received_ms.max(other.received_ms),
            author_ms: self.author_ms.max(other.author_ms),
        }
    }

    /// Whether it covers nothing that `other` does not.
    pub fn within(&self, other: &Self) -> bool {
        self.received_ms <= other.received_ms && self.author_ms <= other.author_ms
    }
}

/// Until where a conversation is deleted, if it is.
pub fn get(db: &Read<'_>, conversation: &DocId) -> Result<Option<Cleared>> {
    db.one(
        "SELECT hidden, received_ms, author_ms FROM cleared WHERE conversation = ?1",
        [conversation.as_bytes()],
        |row| Ok(Cleared { hidden: row.get(0)?, received_ms: row.get(1)?, author_ms: row.get(2)? }),
    )
}

/// Notes until where. What that moves is up to [`crate::messages::put_aside`] and [`crate::strays::take`].
pub fn set(tx: &Tx<'_>, conversation: &DocId, cleared: &Cleared) -> Result<()> {
    if *cleared == Cleared::default() {
        tx.exec("DELETE FROM cleared WHERE conversation = ?1", [conversation.as_bytes()])?;
    } else {
        tx.exec(
            "INSERT INTO cleared (conversation, hidden, received_ms, author_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (conversation) DO UPDATE SET hidden = ?2, received_ms = ?3, author_ms = ?4",
            (conversation.as_bytes(), cleared.hidden, clamp(cleared.received_ms), clamp(cleared.author_ms)),
        )?;
    }
    let n =
        tx.one("SELECT n FROM conversations WHERE id = ?1", [conversation.as_bytes()], |row| row.get(0))?;
    n.map_or(Ok(()), |n| refresh(tx, n))
}

/// The mark that covers all that a conversation shows now.
pub fn all_of(db: &Read<'_>, conversation: &DocId) -> Result<Cleared> {
    let all = db.one(
        "SELECT coalesce(max(received_ms), 0), coalesce(max(CASE WHEN mine = 1 THEN author_ms END), 0)
         FROM messages INDEXED BY messages_order
         WHERE conversation = (SELECT n FROM conversations WHERE id = ?1)",
        [conversation.as_bytes()],
        |row| Ok(Cleared { hidden: true, received_ms: row.get(0)?, author_ms: row.get(1)? }),
    )?;
    Ok(all.unwrap_or_default())
}

/// The numbers of those that are here.
pub(crate) fn conversations(db: &Read<'_>) -> Result<Vec<i64>> {
    db.all("SELECT c.n FROM cleared d CROSS JOIN conversations c ON c.id = d.conversation", [], |row| {
        row.get(0)
    })
}

/// Conversations that a version before this table hid.
pub fn unmarked(db: &Read<'_>) -> Result<Vec<DocId>> {
    db.all(
        "SELECT id FROM conversations WHERE hidden = 1 AND id NOT IN (SELECT conversation FROM cleared)",
        [],
        |row| doc(row, 0),
    )
}

/// Makes the row of a conversation say whether anything newer than its mark is in it. Own messages that are still on their way
/// keep their rows, and count as what they are; who is blocked brings nothing back.
pub(crate) fn refresh(tx: &Tx<'_>, n: i64) -> Result<()> {
    tx.exec(
        &format!(
            "UPDATE conversations SET hidden = coalesce((SELECT d.hidden AND NOT EXISTS (SELECT 1 FROM messages m
                 WHERE m.conversation = conversations.n AND NOT (m.mine = 1 AND m.author_ms <= d.author_ms) AND {})
               FROM cleared d WHERE d.conversation = conversations.id), 0) WHERE n = ?1",
            heard("m.author")
        ),
        [n],
    )?;
    Ok(())
}

fn clamp(ms: u64) -> i64 {
    ms.min(i64::MAX as u64) as i64
}
