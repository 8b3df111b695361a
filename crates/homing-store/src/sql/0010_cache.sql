-- What files take on this device, and which of them can go: both are walks along an index. What was taken off is not
-- fetched again before somebody asks for it.
ALTER TABLE attachments ADD COLUMN taken_off INTEGER NOT NULL DEFAULT 0;
CREATE INDEX attachments_here ON attachments (used_ms, id, size) WHERE state IN (0, 1, 4, 6);
CREATE INDEX IF NOT EXISTS messages_with_files ON messages (conversation, at, id) WHERE files > 0;
