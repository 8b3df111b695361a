-- What a message got besides its words: edits, reactions, and what not every message has. The two values are canonical
-- CBOR, written and read above; empty where there is nothing, as nearly everywhere.
ALTER TABLE messages ADD COLUMN edited_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN reactions BLOB NOT NULL DEFAULT x'';
ALTER TABLE messages ADD COLUMN extras BLOB NOT NULL DEFAULT x'';
ALTER TABLE messages ADD COLUMN mentions_me INTEGER NOT NULL DEFAULT 0;
CREATE INDEX messages_mentions ON messages (at, id) WHERE mentions_me = 1;

-- Not handed over before then (Unix ms), so that a send can be undone.
ALTER TABLE outbox ADD COLUMN hold_until INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_held ON outbox (hold_until) WHERE hold_until > 0;
