-- Unread messages in the order of the search: few of them are looked through themselves.
--
-- With this schema the index holds names of files and the parts of Korean words as well. What lacks them is put in anew
-- by the code that runs with this file.
CREATE INDEX messages_unread_newest ON messages (n) WHERE unread = 1;
