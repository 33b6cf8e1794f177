"""Version 3: chats are trees whose branches are kept, know their model and preset, and can be
searched; answers keep their figures.

Every chat of version 2 becomes a single path.
"""

import sqlite_utils

# No cascade from parent to child: with a chat all its messages go at once, and a cascade through a
# long conversation would be deeper than SQLite allows.
# shown: of the messages that follow the same one, exactly one is on the path that is shown.
_TREE = """
ALTER TABLE messages ADD COLUMN parent_id INTEGER REFERENCES messages (id);
ALTER TABLE messages ADD COLUMN shown INTEGER NOT NULL DEFAULT 1 CHECK (shown IN (0, 1));
ALTER TABLE messages ADD COLUMN figures TEXT NOT NULL DEFAULT '{}';
CREATE INDEX messages_by_parent ON messages (parent_id);
UPDATE messages SET parent_id = before.id FROM (
    SELECT id AS own, lag(id) OVER (PARTITION BY chat_id ORDER BY id) AS id FROM messages
) AS before WHERE before.own = messages.id;
ALTER TABLE chats ADD COLUMN model TEXT NOT NULL DEFAULT '';
ALTER TABLE chats ADD COLUMN preset TEXT NOT NULL DEFAULT 'precise';
"""

# An answer that is being written is not in the index: each piece would index all of it anew.
_SEARCH = """
CREATE VIRTUAL TABLE chat_search USING fts5(
    title, content='chats', content_rowid='id', tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE message_search USING fts5(
    text, thinking, content='messages', content_rowid='id',
    tokenize='unicode61 remove_diacritics 2');
INSERT INTO chat_search (chat_search, rank) VALUES ('secure-delete', 1);
INSERT INTO message_search (message_search, rank) VALUES ('secure-delete', 1);
INSERT INTO chat_search (rowid, title) SELECT id, title FROM chats;
INSERT INTO message_search (rowid, text, thinking)
    SELECT id, text, thinking FROM messages WHERE status <> 'streaming';
"""

_TRIGGERS = (
    """CREATE TRIGGER chat_added AFTER INSERT ON chats BEGIN
    INSERT INTO chat_search (rowid, title) VALUES (new.id, new.title);
END""",
    """CREATE TRIGGER chat_renamed AFTER UPDATE OF title ON chats BEGIN
    INSERT INTO chat_search (chat_search, rowid, title) VALUES ('delete', old.id, old.title);
    INSERT INTO chat_search (rowid, title) VALUES (new.id, new.title);
END""",
    """CREATE TRIGGER chat_deleted AFTER DELETE ON chats BEGIN
    INSERT INTO chat_search (chat_search, rowid, title) VALUES ('delete', old.id, old.title);
END""",
    """CREATE TRIGGER message_added AFTER INSERT ON messages WHEN new.status <> 'streaming' BEGIN
    INSERT INTO message_search (rowid, text, thinking) VALUES (new.id, new.text, new.thinking);
END""",
    """CREATE TRIGGER message_changed AFTER UPDATE OF text, thinking, status ON messages BEGIN
    INSERT INTO message_search (message_search, rowid, text, thinking)
        SELECT 'delete', old.id, old.text, old.thinking WHERE old.status <> 'streaming';
    INSERT INTO message_search (rowid, text, thinking)
        SELECT new.id, new.text, new.thinking WHERE new.status <> 'streaming';
END""",
    """CREATE TRIGGER message_deleted AFTER DELETE ON messages WHEN old.status <> 'streaming' BEGIN
    INSERT INTO message_search (message_search, rowid, text, thinking)
        VALUES ('delete', old.id, old.text, old.thinking);
END""",
)


def apply(db: sqlite_utils.Database) -> None:
    """Widen the tables, put the messages in order, build the index and keep it in step."""
    for script in (_TREE, _SEARCH):
        for statement in script.split(";\n"):
            if statement.strip():
                db.execute(statement)
    for trigger in _TRIGGERS:
        db.execute(trigger)
