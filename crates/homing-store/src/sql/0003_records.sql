-- Records of all kinds, as lists show them; what they hold is read from their documents. And which conversations are
-- about which records.

CREATE TABLE records (
  n INTEGER PRIMARY KEY NOT NULL,
  id BLOB NOT NULL UNIQUE,
  kind INTEGER NOT NULL,
  -- The kind it is listed under: a copy among what it is a copy of.
  class INTEGER NOT NULL,
  space INTEGER NOT NULL,
  -- What it is about: of a copy the record, of an interest the property.
  about BLOB,
  -- A copy of something that stands here itself is not listed beside it.
  shadowed INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  title TEXT NOT NULL DEFAULT '',
  sort_title TEXT NOT NULL DEFAULT '',
  -- Folded words, to be found by.
  words TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL DEFAULT '',
  level TEXT NOT NULL DEFAULT '',
  -- What the kind is sorted by besides title and time: a price, a date.
  number INTEGER NOT NULL DEFAULT 0,
  conflicts INTEGER NOT NULL DEFAULT 0,
  updated_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX records_newest ON records (class, deleted, updated_ms, n) WHERE shadowed = 0;
CREATE INDEX records_title ON records (class, deleted, sort_title, n) WHERE shadowed = 0;
CREATE INDEX records_number ON records (class, deleted, number, n) WHERE shadowed = 0;
CREATE INDEX records_about ON records (about, kind) WHERE about IS NOT NULL;
CREATE INDEX records_space ON records (space, kind);

CREATE TABLE record_links (
  conversation BLOB NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (conversation, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_links_record ON record_links (record, conversation);

-- Files of records that the relay gives to the members of another space, as far as this device asked for it.
CREATE TABLE file_grants (
  space BLOB NOT NULL,
  blob BLOB NOT NULL,
  PRIMARY KEY (space, blob)
) STRICT, WITHOUT ROWID;

-- Whether anything else has the same file.
CREATE INDEX attachments_blob ON attachments (blob) WHERE blob IS NOT NULL;
