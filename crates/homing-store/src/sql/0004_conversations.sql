-- What a person sets for themselves, who of a team looks after a conversation, conversations that go on in another, and
-- messages that belong to no conversation of their space.

DROP INDEX conversations_all;
DROP INDEX conversations_active;
DROP INDEX conversations_unread;
DROP INDEX conversations_archived;
DROP INDEX conversations_drafts;
ALTER TABLE conversations DROP COLUMN unseen;
ALTER TABLE conversations DROP COLUMN active;
ALTER TABLE conversations DROP COLUMN listed;

ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN muted_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN snoozed_until INTEGER NOT NULL DEFAULT 0;
-- When that was decided, by the relay's clock: what came later brings the conversation back. 0: here, just now.
ALTER TABLE conversations ADD COLUMN snoozed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN archived_at INTEGER NOT NULL DEFAULT 0;
-- Out of sight: snoozed, and the time has not come yet.
ALTER TABLE conversations ADD COLUMN away INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN announce TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN keep_files INTEGER NOT NULL DEFAULT 0;
-- The conversation it goes on in, as its document says; and the row its messages are shown in, if that is another one.
ALTER TABLE conversations ADD COLUMN merged_into BLOB;
ALTER TABLE conversations ADD COLUMN shown_in INTEGER;
-- Everybody else in it is blocked.
ALTER TABLE conversations ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;
-- Whom of the team it is assigned to; `mine`: to this person. `team`: this person is of the team it is a client's of.
ALTER TABLE conversations ADD COLUMN assignee INTEGER;
ALTER TABLE conversations ADD COLUMN mine INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN team INTEGER;

-- What the lists filter by, in one value each so that every list has its own small index, and what they are sorted by.
ALTER TABLE conversations ADD COLUMN listed INTEGER
  AS (hidden = 0 AND deleted = 0 AND blocked = 0 AND shown_in IS NULL) VIRTUAL;
ALTER TABLE conversations ADD COLUMN active INTEGER
  AS (hidden = 0 AND deleted = 0 AND blocked = 0 AND shown_in IS NULL AND archived = 0 AND away = 0) VIRTUAL;
ALTER TABLE conversations ADD COLUMN unseen INTEGER
  AS (hidden = 0 AND deleted = 0 AND blocked = 0 AND shown_in IS NULL AND archived = 0 AND away = 0
    AND (unread > 0 OR marked_unread = 1)) VIRTUAL;
ALTER TABLE conversations ADD COLUMN unclaimed INTEGER
  AS (hidden = 0 AND deleted = 0 AND blocked = 0 AND shown_in IS NULL AND archived = 0 AND away = 0
    AND team IS NOT NULL AND assignee IS NULL) VIRTUAL;
ALTER TABLE conversations ADD COLUMN refused INTEGER
  AS (hidden = 0 AND deleted = 0 AND blocked = 1 AND shown_in IS NULL) VIRTUAL;
-- Newest first, what came back from its snooze at that time, what is pinned before all others.
ALTER TABLE conversations ADD COLUMN rank INTEGER
  AS (max(last_at, CASE WHEN away = 0 THEN snoozed_until ELSE 0 END) + (pinned << 48)) VIRTUAL;
-- What comes back first, first.
ALTER TABLE conversations ADD COLUMN soon INTEGER AS (281474976710656 - snoozed_until) VIRTUAL;

CREATE INDEX conversations_all ON conversations (rank, id) WHERE listed = 1;
CREATE INDEX conversations_active ON conversations (rank, id) WHERE active = 1;
CREATE INDEX conversations_unread ON conversations (rank, id, unread) WHERE unseen = 1;
CREATE INDEX conversations_archived ON conversations (rank, id) WHERE listed = 1 AND archived = 1;
CREATE INDEX conversations_drafts ON conversations (rank, id) WHERE listed = 1 AND has_draft = 1;
CREATE INDEX conversations_snoozed ON conversations (soon, id) WHERE listed = 1 AND away = 1;
CREATE INDEX conversations_due ON conversations (snoozed_until) WHERE away = 1;
CREATE INDEX conversations_mine ON conversations (rank, id) WHERE listed = 1 AND mine = 1;
CREATE INDEX conversations_unclaimed ON conversations (rank, id) WHERE unclaimed = 1;
CREATE INDEX conversations_blocked ON conversations (rank, id) WHERE refused = 1;
CREATE INDEX conversations_merged ON conversations (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX conversations_shown_in ON conversations (shown_in, id) WHERE shown_in IS NOT NULL;
-- Messages came, their conversation did not yet.
CREATE INDEX conversations_unknown ON conversations (space) WHERE creator IS NULL;

-- Messages that are in no conversation: it is another space's, or not known here.
CREATE TABLE strays (
  message BLOB PRIMARY KEY NOT NULL,
  conversation BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX strays_conversation ON strays (conversation, message);

-- The conversation a message was written in, if it is shown in another one.
ALTER TABLE messages ADD COLUMN origin INTEGER;
CREATE INDEX messages_origin ON messages (origin) WHERE origin IS NOT NULL;

-- Who of a team looks after a conversation, whether that is here or not.
CREATE TABLE handling (
  conversation BLOB NOT NULL,
  team INTEGER NOT NULL,
  assignee INTEGER,
  PRIMARY KEY (conversation, team)
) STRICT, WITHOUT ROWID;

-- What a person did with somebody for themselves.
ALTER TABLE people ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE people ADD COLUMN local_name TEXT NOT NULL DEFAULT '';
