-- Conversations in which somebody names this person: counted where a message gets or loses that, so that their list is one
-- walk along an index.
ALTER TABLE conversations ADD COLUMN mentions INTEGER NOT NULL DEFAULT 0;
UPDATE conversations SET mentions =
  (SELECT count(*) FROM messages WHERE conversation = conversations.n AND mentions_me = 1);
CREATE INDEX conversations_mentions ON conversations (rank, id) WHERE listed = 1 AND mentions > 0;

CREATE TRIGGER messages_mention_came AFTER INSERT ON messages WHEN new.mentions_me = 1 BEGIN
  UPDATE conversations SET mentions = mentions + 1 WHERE n = new.conversation;
END;
CREATE TRIGGER messages_mention_moved AFTER UPDATE OF mentions_me, conversation ON messages
WHEN old.mentions_me <> new.mentions_me OR old.conversation <> new.conversation BEGIN
  UPDATE conversations SET mentions = max(0, mentions - old.mentions_me) WHERE n = old.conversation;
  UPDATE conversations SET mentions = mentions + new.mentions_me WHERE n = new.conversation;
END;
CREATE TRIGGER messages_mention_went AFTER DELETE ON messages WHEN old.mentions_me = 1 BEGIN
  UPDATE conversations SET mentions = max(0, mentions - 1) WHERE n = old.conversation;
END;
