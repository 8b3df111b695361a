-- Version 1. Released migrations are never edited; a change is a new file.
--
-- `ids` gives every 32-byte id (space, device, person) a small number, so that the big tables and their
-- indexes carry a few bytes instead of a hundred per row.

CREATE TABLE meta (
  key TEXT PRIMARY KEY NOT NULL,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE ids (
  n INTEGER PRIMARY KEY NOT NULL,
  id BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE account_ops (
  person BLOB NOT NULL,
  n INTEGER NOT NULL,
  id BLOB NOT NULL UNIQUE,
  bytes BLOB NOT NULL,
  PRIMARY KEY (person, n)
) STRICT;

CREATE TABLE spaces (
  n INTEGER PRIMARY KEY NOT NULL,
  kind INTEGER NOT NULL,
  origin BLOB NOT NULL,
  state INTEGER NOT NULL,
  op_head BLOB,
  epoch BLOB,
  generation INTEGER NOT NULL DEFAULT 0,
  sequence INTEGER NOT NULL DEFAULT 0,
  chain BLOB NOT NULL,
  signed_head BLOB,
  bottom INTEGER NOT NULL DEFAULT 0,
  low INTEGER NOT NULL DEFAULT 0,
  slot_cursor INTEGER NOT NULL DEFAULT 0,
  my_dseq INTEGER NOT NULL DEFAULT 0,
  my_prev BLOB,
  name TEXT NOT NULL DEFAULT '',
  team BLOB,
  contact BLOB,
  confirmed INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE feeds (
  feed BLOB PRIMARY KEY NOT NULL,
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE epochs (
  space BLOB NOT NULL,
  epoch BLOB NOT NULL,
  commitment BLOB NOT NULL,
  seed BLOB NOT NULL,
  PRIMARY KEY (space, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
  n INTEGER PRIMARY KEY NOT NULL,
  id BLOB NOT NULL UNIQUE,
  space INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  device INTEGER NOT NULL,
  person INTEGER NOT NULL,
  dseq INTEGER NOT NULL,
  prev BLOB,
  generation INTEGER NOT NULL DEFAULT 0,
  sequence INTEGER,
  received_ms INTEGER NOT NULL DEFAULT 0,
  status INTEGER NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX entries_placed ON entries (space, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX entries_device ON entries (space, device, dseq);
CREATE INDEX entries_ops ON entries (space, sequence, n) WHERE kind = 0;
CREATE INDEX entries_open ON entries (status, space, n) WHERE status <> 0;

CREATE TABLE parked (
  entry INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  key BLOB NOT NULL,
  PRIMARY KEY (entry, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX parked_key ON parked (kind, key, entry);

CREATE TABLE docs (
  doc BLOB PRIMARY KEY NOT NULL,
  space INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  preimage BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX docs_space ON docs (space, kind, doc);

CREATE TABLE changes (
  n INTEGER PRIMARY KEY NOT NULL,
  doc BLOB NOT NULL,
  hash BLOB NOT NULL,
  space INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  actor BLOB NOT NULL,
  seq INTEGER NOT NULL,
  max_op INTEGER NOT NULL,
  salt BLOB NOT NULL,
  entry INTEGER,
  state INTEGER NOT NULL,
  deps BLOB NOT NULL,
  intent BLOB,
  bytes BLOB NOT NULL,
  UNIQUE (doc, hash)
) STRICT;
CREATE INDEX changes_entry ON changes (entry) WHERE entry IS NOT NULL;
CREATE INDEX changes_open ON changes (state, space, n) WHERE state <> 0;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  space INTEGER NOT NULL,
  kind TEXT NOT NULL,
  doc BLOB,
  conversation BLOB,
  hash BLOB,
  salt BLOB NOT NULL,
  state INTEGER NOT NULL,
  entry BLOB,
  error TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL DEFAULT '',
  created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_space ON outbox (space, state, id);
CREATE INDEX outbox_doc ON outbox (doc, id) WHERE doc IS NOT NULL;
CREATE INDEX outbox_entry ON outbox (entry, id) WHERE entry IS NOT NULL;

CREATE TABLE slots_out (
  space BLOB NOT NULL,
  slot BLOB NOT NULL,
  plaintext BLOB NOT NULL,
  dirty INTEGER NOT NULL,
  counter INTEGER NOT NULL DEFAULT 0,
  bytes BLOB,
  PRIMARY KEY (space, slot)
) STRICT;
CREATE INDEX slots_out_dirty ON slots_out (space, slot) WHERE dirty = 1;

CREATE TABLE slots_in (
  space BLOB NOT NULL,
  device BLOB NOT NULL,
  slot BLOB NOT NULL,
  counter INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  plaintext BLOB,
  PRIMARY KEY (space, device, slot)
) STRICT;
CREATE INDEX slots_in_slot ON slots_in (space, slot, device);
CREATE INDEX slots_in_sealed ON slots_in (space) WHERE plaintext IS NULL;

-- Projections: everything below can be built again from changes, ops and slots.

CREATE TABLE people (
  person INTEGER PRIMARY KEY NOT NULL,
  name TEXT NOT NULL DEFAULT '',
  name_ms INTEGER NOT NULL DEFAULT 0,
  verified INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE names (
  person INTEGER NOT NULL,
  space INTEGER NOT NULL,
  name TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (person, space)
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
  space INTEGER NOT NULL,
  member INTEGER NOT NULL,
  team INTEGER NOT NULL,
  role INTEGER NOT NULL,
  PRIMARY KEY (space, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_member ON members (member, space);

CREATE TABLE conversations (
  n INTEGER PRIMARY KEY NOT NULL,
  id BLOB NOT NULL UNIQUE,
  space INTEGER NOT NULL,
  subject TEXT NOT NULL DEFAULT '',
  creator INTEGER,
  created_ms INTEGER NOT NULL DEFAULT 0,
  last_at INTEGER NOT NULL DEFAULT 0,
  last_n INTEGER,
  preview TEXT NOT NULL DEFAULT '',
  unread INTEGER NOT NULL DEFAULT 0,
  waiting INTEGER NOT NULL DEFAULT 0,
  marked_unread INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0,
  hidden INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  has_draft INTEGER NOT NULL DEFAULT 0,
  draft_preview TEXT NOT NULL DEFAULT '',
  -- What the lists filter by, in one value each so that every list has its own small index.
  listed INTEGER NOT NULL AS (hidden = 0 AND deleted = 0) VIRTUAL,
  active INTEGER NOT NULL AS (hidden = 0 AND deleted = 0 AND archived = 0) VIRTUAL,
  unseen INTEGER NOT NULL
    AS (hidden = 0 AND deleted = 0 AND archived = 0 AND (unread > 0 OR marked_unread = 1)) VIRTUAL
) STRICT;
CREATE INDEX conversations_all ON conversations (last_at, id) WHERE listed = 1;
CREATE INDEX conversations_active ON conversations (last_at, id) WHERE active = 1;
CREATE INDEX conversations_unread ON conversations (last_at, id, unread) WHERE unseen = 1;
CREATE INDEX conversations_archived ON conversations (last_at, id) WHERE listed = 1 AND archived = 1;
CREATE INDEX conversations_drafts ON conversations (last_at, id) WHERE listed = 1 AND has_draft = 1;
CREATE INDEX conversations_space ON conversations (space);
CREATE INDEX conversations_subject ON conversations (subject) WHERE subject <> '';

-- `n` is the search row too: seconds * 64 + a local counter, so that newest first is descending rowid.
CREATE TABLE messages (
  n INTEGER PRIMARY KEY NOT NULL,
  id BLOB NOT NULL UNIQUE,
  conversation INTEGER NOT NULL,
  space INTEGER NOT NULL,
  author INTEGER NOT NULL,
  mine INTEGER NOT NULL,
  at INTEGER NOT NULL,
  author_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  reply_to BLOB,
  deleted INTEGER NOT NULL DEFAULT 0,
  late INTEGER NOT NULL DEFAULT 0,
  unread INTEGER NOT NULL DEFAULT 0,
  device INTEGER NOT NULL,
  dseq INTEGER NOT NULL DEFAULT 0,
  state INTEGER NOT NULL,
  error TEXT NOT NULL DEFAULT '',
  error_message TEXT NOT NULL DEFAULT '',
  files INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX messages_order ON messages (conversation, at, id);
CREATE INDEX messages_unread ON messages (conversation, at, id) WHERE unread = 1;
CREATE INDEX messages_unread_device ON messages (space, device, dseq) WHERE unread = 1;
CREATE INDEX messages_mine ON messages (space, device, dseq) WHERE mine = 1;
CREATE INDEX messages_reply ON messages (reply_to) WHERE reply_to IS NOT NULL;

CREATE TABLE attachments (
  id BLOB PRIMARY KEY NOT NULL,
  message BLOB NOT NULL,
  position INTEGER NOT NULL,
  blob BLOB,
  key BLOB NOT NULL,
  name TEXT NOT NULL,
  mime TEXT NOT NULL,
  size INTEGER NOT NULL,
  chunks BLOB NOT NULL,
  width INTEGER,
  height INTEGER,
  state INTEGER NOT NULL,
  progress REAL NOT NULL DEFAULT 0,
  path TEXT
) STRICT;
CREATE INDEX attachments_message ON attachments (message, position);
CREATE INDEX attachments_open ON attachments (state, id) WHERE state IN (0, 1, 3);

CREATE TABLE receipts (
  space INTEGER NOT NULL,
  person INTEGER NOT NULL,
  device INTEGER NOT NULL,
  delivered BLOB NOT NULL,
  read BLOB NOT NULL,
  PRIMARY KEY (space, person, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE advances (
  space INTEGER NOT NULL,
  person INTEGER NOT NULL,
  device INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (space, person, device, kind, first, last)
) STRICT, WITHOUT ROWID;

CREATE TABLE drafts (
  id BLOB PRIMARY KEY NOT NULL,
  conversation BLOB NOT NULL,
  doc BLOB NOT NULL,
  text TEXT NOT NULL,
  reply_to BLOB,
  sending_device BLOB,
  sending_heads BLOB,
  done INTEGER NOT NULL DEFAULT 0,
  updated_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX drafts_conversation ON drafts (conversation, updated_ms) WHERE done = 0;
CREATE INDEX drafts_newest ON drafts (updated_ms) WHERE done = 0;

CREATE TABLE notified (
  message BLOB PRIMARY KEY NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX notified_at ON notified (at_ms);

-- The index holds folded words that stand nowhere else (see search/fold.rs), hence no content table; rows
-- are taken out with the values they were put in with.
CREATE VIRTUAL TABLE search USING fts5 (body, tags, content = '', columnsize = 0, tokenize = 'ascii');
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
