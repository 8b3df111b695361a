-- Until where a person deleted conversations for themselves, whether those are here or not. What lies before that is among the
-- strays; `conversations.hidden` says that nothing newer is there.
CREATE TABLE cleared (
  conversation BLOB PRIMARY KEY NOT NULL,
  -- Deleted, until something newer is in it.
  hidden INTEGER NOT NULL,
  -- Others' messages, by the relay's clock; own ones, by their author's: those may be on their way.
  received_ms INTEGER NOT NULL,
  author_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
