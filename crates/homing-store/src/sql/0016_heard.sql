-- What people who are blocked wrote is in no counter, and in no preview where others are: rows of before follow.
DROP TRIGGER messages_mention_came;
DROP TRIGGER messages_mention_moved;
DROP TRIGGER messages_mention_went;
CREATE TRIGGER messages_mention_came AFTER INSERT ON messages
WHEN new.mentions_me = 1 AND NOT EXISTS (SELECT 1 FROM people WHERE person = new.author AND blocked = 1) BEGIN
  UPDATE conversations SET mentions = mentions + 1 WHERE n = new.conversation;
END;
CREATE TRIGGER messages_mention_moved AFTER UPDATE OF mentions_me, conversation ON messages
WHEN (old.mentions_me <> new.mentions_me OR old.conversation <> new.conversation)
  AND NOT EXISTS (SELECT 1 FROM people WHERE person = new.author AND blocked = 1) BEGIN
  UPDATE conversations SET mentions = max(0, mentions - old.mentions_me) WHERE n = old.conversation;
  UPDATE conversations SET mentions = mentions + new.mentions_me WHERE n = new.conversation;
END;
CREATE TRIGGER messages_mention_went AFTER DELETE ON messages
WHEN old.mentions_me = 1 AND NOT EXISTS (SELECT 1 FROM people WHERE person = old.author AND blocked = 1) BEGIN
  UPDATE conversations SET mentions = max(0, mentions - 1) WHERE n = old.conversation;
END;

UPDATE conversations SET unread =
    (SELECT count(*) FROM messages m WHERE m.conversation = conversations.n AND m.unread = 1
       AND NOT EXISTS (SELECT 1 FROM people WHERE person = m.author AND blocked = 1))
  WHERE n IN (SELECT conversation FROM messages INDEXED BY messages_unread_newest
    WHERE unread = 1 AND author IN (SELECT person FROM people WHERE blocked = 1));
UPDATE conversations SET mentions =
    (SELECT count(*) FROM messages m WHERE m.conversation = conversations.n AND m.mentions_me = 1
       AND NOT EXISTS (SELECT 1 FROM people WHERE person = m.author AND blocked = 1))
  WHERE n IN (SELECT conversation FROM messages INDEXED BY messages_mentions
    WHERE mentions_me = 1 AND author IN (SELECT person FROM people WHERE blocked = 1));
UPDATE conversations SET (last_n, last_at, preview) = (
    SELECT max(n), coalesce(max(at), conversations.created_ms), coalesce(max(preview), '') FROM (
      SELECT m.n, m.at, substr(m.body, 1, 100) AS preview FROM messages m INDEXED BY messages_order
      WHERE m.conversation = conversations.n
        AND NOT EXISTS (SELECT 1 FROM people WHERE person = m.author AND blocked = 1)
      ORDER BY m.at DESC, m.id DESC LIMIT 1))
  WHERE blocked = 0 AND last_n IN (SELECT n FROM messages WHERE n = conversations.last_n
    AND author IN (SELECT person FROM people WHERE blocked = 1));
