-- What a person is told of besides new messages, which the conversations themselves tell of.

CREATE TABLE notices (
  n INTEGER PRIMARY KEY NOT NULL,
  -- Cut from what it is about: the same on all of the person's devices.
  key BLOB NOT NULL UNIQUE,
  kind INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  space INTEGER,
  person INTEGER,
  conversation BLOB,
  message BLOB,
  record BLOB,
  text TEXT NOT NULL DEFAULT '',
  -- Read with its message, wherever that is read.
  follows INTEGER NOT NULL DEFAULT 0,
  unread INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX notices_newest ON notices (at_ms, n);
CREATE INDEX notices_unread ON notices (at_ms, n) WHERE unread = 1;

-- What was read, on whichever device, and may not have come here yet.
CREATE TABLE notices_read (
  key BLOB PRIMARY KEY NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX notices_read_at ON notices_read (at_ms);
