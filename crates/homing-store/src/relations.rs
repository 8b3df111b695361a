//! What a conversation's row takes from elsewhere: the team it is a client's of and who there looks after it, and whether
//! everybody else in it is blocked.

use homing_wire::{DocId, PersonId, SpaceId};

use crate::sql::doc;
use crate::{Result, Tx, messages};

/// Notes whom of a team a conversation is assigned to. Only the team whose client's it is has a say in it.
pub fn set_handling(
    tx: &Tx<'_>,
    team: &SpaceId,
    conversation: &DocId,
    assignee: Option<&PersonId>,
    me: &PersonId,
) -> Result<()> {
    let assignee = assignee.map(|person| tx.number_of(&person.0)).transpose()?;
    tx.exec(
        "INSERT INTO handling (conversation, team, assignee) VALUES (?1, ?2, ?3)
         ON CONFLICT (conversation, team) DO UPDATE SET assignee = excluded.assignee",
        (conversation.as_bytes(), tx.number_of(&team.0)?, assignee),
    )?;
    relate(tx, conversation, me)
}

/// Writes team and assignee into a conversation's row.
pub fn relate(tx: &Tx<'_>, conversation: &DocId, me: &PersonId) -> Result<()> {
    tx.exec(
        "UPDATE conversations SET team = (SELECT ts.n FROM spaces s CROSS JOIN ids t ON t.id = s.team
           CROSS JOIN spaces ts ON ts.n = t.n WHERE s.n = conversations.space AND ts.state IN (0, 1)) WHERE id = ?1",
        [conversation.as_bytes()],
    )?;
    tx.exec(
        "UPDATE conversations SET (assignee, mine) = (SELECT max(assignee), coalesce(max(assignee) = ?2, 0)
           FROM handling WHERE conversation = ?1 AND team = conversations.team) WHERE id = ?1",
        (conversation.as_bytes(), tx.number_of(&me.0)?),
    )?;
    Ok(())
}

/// This person came to a team or left it: the rows of its clients' conversations follow. Answers them.
pub fn relate_team(tx: &Tx<'_>, team: &SpaceId, me: &PersonId) -> Result<Vec<DocId>> {
    let ids = tx.all(
        "SELECT c.id FROM spaces s CROSS JOIN conversations c INDEXED BY conversations_space ON c.space = s.n
         WHERE s.team = ?1",
        [&team.0],
        |row| doc(row, 0),
    )?;
    for id in &ids {
        relate(tx, id, me)?;
    }
    Ok(ids)
}

/// Writes into the rows of a space's conversations whether everybody else in it is blocked.
pub fn refresh_blocked(tx: &Tx<'_>, space: &SpaceId, me: &PersonId) -> Result<()> {
    let changed = tx.all(
        "WITH now (blocked) AS (SELECT coalesce(min(p.blocked), 0) FROM members m
           CROSS JOIN people p ON p.person = m.member WHERE m.space = ?1 AND m.team = 0 AND m.member <> ?2)
         UPDATE conversations SET blocked = (SELECT blocked FROM now)
         WHERE space = ?1 AND blocked <> (SELECT blocked FROM now) RETURNING n",
        (tx.number_of(&space.0)?, tx.number_of(&me.0)?),
        |row| row.get(0),
    )?;
    for n in changed {
        messages::refresh_last(tx, n)?;
    }
    Ok(())
}
