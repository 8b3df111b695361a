-- What is left to do behind a deletion or its undo, done in slices: the conversation itself is gone, or back, at once.

-- Rows of messages that left their conversation all together: it got another number, and the one they name is no
-- conversation's. They are put among the strays one slice after another.
CREATE TABLE set_aside (
  n INTEGER PRIMARY KEY NOT NULL,
  -- Where they were written, but for those with an origin.
  conversation BLOB NOT NULL
) STRICT;

CREATE TABLE tidying (
  conversation BLOB PRIMARY KEY NOT NULL,
  -- Rows that a deletion covers are still in sight: what is newer than it is more than can be moved at once.
  sweep INTEGER NOT NULL DEFAULT 0,
  -- Strays before this place are to be looked at again, the newest first.
  look_at INTEGER,
  look_message BLOB
) STRICT, WITHOUT ROWID;

-- When a stray was written, as its row said; 0 in those of before.
ALTER TABLE strays ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
DROP INDEX strays_conversation;
CREATE INDEX strays_conversation ON strays (conversation, at, message);
