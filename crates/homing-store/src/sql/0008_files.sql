-- Files of drafts; what is shown of a file before its bytes are here; what may be dropped when room is short; the files
-- of a conversation in one walk along an index.
ALTER TABLE drafts ADD COLUMN files INTEGER NOT NULL DEFAULT 0;

CREATE TABLE draft_files (
  id BLOB PRIMARY KEY NOT NULL,
  draft BLOB NOT NULL,
  conversation BLOB NOT NULL,
  blob BLOB NOT NULL,
  meta BLOB NOT NULL,
  state INTEGER NOT NULL,
  progress REAL NOT NULL DEFAULT 0,
  path TEXT
) STRICT;
CREATE INDEX draft_files_draft ON draft_files (draft);
CREATE INDEX draft_files_conversation ON draft_files (conversation, id);
CREATE INDEX draft_files_open ON draft_files (state, id) WHERE state IN (0, 1);
CREATE INDEX draft_files_blob ON draft_files (blob);

ALTER TABLE attachments ADD COLUMN thumbnail BLOB;
ALTER TABLE attachments ADD COLUMN voice_ms INTEGER;
ALTER TABLE attachments ADD COLUMN voice_peaks BLOB;
ALTER TABLE attachments ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attachments ADD COLUMN used_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX attachments_cached ON attachments (used_ms, id) WHERE state = 4;

CREATE INDEX messages_with_files ON messages (conversation, at, id) WHERE files > 0;
