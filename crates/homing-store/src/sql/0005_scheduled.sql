-- Messages that are to be sent at a time.

CREATE TABLE scheduled (
  message BLOB PRIMARY KEY NOT NULL,
  -- What the relay knows it by.
  tag BLOB NOT NULL UNIQUE,
  draft BLOB NOT NULL UNIQUE,
  conversation BLOB NOT NULL,
  space BLOB NOT NULL,
  -- The device that hands it in.
  device BLOB NOT NULL,
  at_ms INTEGER NOT NULL,
  -- What is sent; the revision of the draft that was frozen; whom its author saw.
  content BLOB NOT NULL,
  revision BLOB NOT NULL,
  members BLOB NOT NULL,
  state INTEGER NOT NULL,
  -- What the relay keeps: the entry, whose it is, when it releases it, why it can't.
  held BLOB,
  held_by BLOB,
  held_ms INTEGER NOT NULL DEFAULT 0,
  stuck TEXT NOT NULL DEFAULT '',
  -- The newest entry this device sealed of it, and what that continues.
  sealed BLOB,
  behind BLOB,
  epoch BLOB,
  sent_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX scheduled_space ON scheduled (space, at_ms, message);
CREATE INDEX scheduled_conversation ON scheduled (conversation, at_ms, message);
CREATE INDEX scheduled_time ON scheduled (at_ms, message);

-- Entries this device sealed to be released by the relay: it knows them for its own when they come.
CREATE TABLE scheduled_entries (
  entry BLOB PRIMARY KEY NOT NULL,
  message BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX scheduled_entries_message ON scheduled_entries (message);
