-- What the relay does not take is here all the same: it is told apart from what could not be fetched, and counts as what it is.
UPDATE attachments SET state = 8 WHERE state = 5 AND path IS NOT NULL
  AND EXISTS (SELECT 1 FROM messages m WHERE m.id = attachments.message AND m.mine = 1);
UPDATE draft_files SET state = 8 WHERE state = 5 AND path IS NOT NULL;
DROP INDEX attachments_here;
CREATE INDEX attachments_here ON attachments (used_ms, id, size) WHERE state IN (0, 1, 4, 6, 8, 9);
