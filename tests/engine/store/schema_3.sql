CREATE INDEX cards_by_message ON cards (message_id, id);
CREATE INDEX changes_by_transaction ON changes (transaction_id);
CREATE INDEX firings_untold ON firings (id) WHERE told IS NULL;
CREATE INDEX measurements_by_batch ON measurements (batch_id);
CREATE INDEX messages_by_chat ON messages (chat_id, id);
CREATE INDEX messages_by_parent ON messages (parent_id);
CREATE INDEX nft_sales_by_batch ON nft_sales (batch_id);
CREATE INDEX nft_sales_by_collection ON nft_sales (collection, time);
CREATE INDEX prices_by_batch ON prices (batch_id);
CREATE INDEX transactions_by_batch ON transactions (batch_id);
CREATE INDEX transactions_by_time ON transactions (time, id);
CREATE TABLE "batches" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('transactions', 'prices', 'measurements', 'nft_sales')),
    source TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    created TEXT NOT NULL,
    simulated INTEGER NOT NULL CHECK (simulated IN (0, 1))
) STRICT;
CREATE TABLE cards (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    card TEXT NOT NULL
) STRICT;
CREATE TABLE changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    made TEXT NOT NULL,
    transaction_id INTEGER NOT NULL REFERENCES transactions (id) ON DELETE CASCADE,
    action TEXT NOT NULL CHECK (action IN ('add', 'edit', 'delete')),
    before TEXT,
    after TEXT
) STRICT;
CREATE VIRTUAL TABLE chat_search USING fts5(
    title, content='chats', content_rowid='id', tokenize='unicode61 remove_diacritics 2');
CREATE TABLE 'chat_search_config'(k PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE 'chat_search_data'(id INTEGER PRIMARY KEY, block BLOB);
CREATE TABLE 'chat_search_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
CREATE TABLE 'chat_search_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TABLE chats (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
, model TEXT NOT NULL DEFAULT '', preset TEXT NOT NULL DEFAULT 'precise') STRICT;
CREATE TABLE documents (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE firings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rule_id INTEGER REFERENCES rules (id) ON DELETE SET NULL,
    day TEXT NOT NULL,
    key TEXT NOT NULL,
    fired TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    priority TEXT NOT NULL,
    evidence TEXT NOT NULL,
    simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)),
    told TEXT,
    UNIQUE (rule_id, key)
) STRICT;
CREATE TABLE measurements (
    topic TEXT NOT NULL,
    name TEXT NOT NULL,
    field TEXT NOT NULL,
    day TEXT NOT NULL,
    rank INTEGER NOT NULL,
    batch_id INTEGER NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    value TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (topic, name, field, day, rank)
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE message_search USING fts5(
    text, thinking, content='messages', content_rowid='id',
    tokenize='unicode61 remove_diacritics 2');
CREATE TABLE 'message_search_config'(k PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE 'message_search_data'(id INTEGER PRIMARY KEY, block BLOB);
CREATE TABLE 'message_search_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
CREATE TABLE 'message_search_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
    text TEXT NOT NULL,
    thinking TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL CHECK (status IN ('streaming', 'complete', 'stopped', 'failed')),
    calls TEXT NOT NULL DEFAULT '[]',
    notice TEXT NOT NULL DEFAULT '',
    created TEXT NOT NULL
, parent_id INTEGER REFERENCES messages (id), shown INTEGER NOT NULL DEFAULT 1 CHECK (shown IN (0, 1)), figures TEXT NOT NULL DEFAULT '{}') STRICT;
CREATE TABLE models (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    arch TEXT NOT NULL,
    meta TEXT NOT NULL,
    added TEXT NOT NULL
) STRICT;
CREATE TABLE nft_sales (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id INTEGER NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    collection TEXT NOT NULL,
    token TEXT NOT NULL,
    time TEXT NOT NULL,
    price TEXT NOT NULL,
    currency TEXT NOT NULL,
    traits TEXT NOT NULL,
    row_hash TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE prices (
    asset TEXT NOT NULL,
    currency TEXT NOT NULL,
    day TEXT NOT NULL,
    rank INTEGER NOT NULL,
    batch_id INTEGER NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    close TEXT NOT NULL,
    open TEXT,
    high TEXT,
    low TEXT,
    volume TEXT,
    source TEXT NOT NULL,
    PRIMARY KEY (asset, currency, day, rank)
) STRICT, WITHOUT ROWID;
CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    made TEXT NOT NULL,
    source TEXT NOT NULL,
    url TEXT NOT NULL,
    outcome TEXT NOT NULL,
    sent_bytes INTEGER NOT NULL,
    received_bytes INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL
) STRICT;
CREATE TABLE rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rule TEXT NOT NULL,
    assets TEXT NOT NULL,
    created TEXT NOT NULL,
    since TEXT NOT NULL,
    paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1))
) STRICT;
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE "transactions" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id INTEGER NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    time TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN (
        'buy', 'sell', 'trade', 'deposit', 'withdrawal', 'transfer', 'income', 'fee', 'spend',
        'gift', 'loss', 'nft_buy', 'nft_sell', 'lp_add', 'lp_remove', 'correction')),
    account TEXT NOT NULL,
    to_account TEXT,
    asset_in TEXT,
    amount_in TEXT NOT NULL,
    asset_out TEXT,
    amount_out TEXT NOT NULL,
    fee_asset TEXT,
    fee_amount TEXT NOT NULL,
    value TEXT,
    value_currency TEXT,
    note TEXT NOT NULL,
    row_hash TEXT NOT NULL UNIQUE,
    income_kind TEXT NOT NULL DEFAULT '',
    tag TEXT NOT NULL DEFAULT '',
    deleted INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1))
) STRICT;
CREATE TABLE transfer_pairs (
    withdrawal TEXT NOT NULL,
    deposit TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('confirmed', 'rejected')),
    decided TEXT NOT NULL,
    PRIMARY KEY (withdrawal, deposit)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER chat_added AFTER INSERT ON chats BEGIN
    INSERT INTO chat_search (rowid, title) VALUES (new.id, new.title);
END;
CREATE TRIGGER chat_deleted AFTER DELETE ON chats BEGIN
    INSERT INTO chat_search (chat_search, rowid, title) VALUES ('delete', old.id, old.title);
END;
CREATE TRIGGER chat_renamed AFTER UPDATE OF title ON chats BEGIN
    INSERT INTO chat_search (chat_search, rowid, title) VALUES ('delete', old.id, old.title);
    INSERT INTO chat_search (rowid, title) VALUES (new.id, new.title);
END;
CREATE TRIGGER message_added AFTER INSERT ON messages WHEN new.status <> 'streaming' BEGIN
    INSERT INTO message_search (rowid, text, thinking) VALUES (new.id, new.text, new.thinking);
END;
CREATE TRIGGER message_changed AFTER UPDATE OF text, thinking, status ON messages BEGIN
    INSERT INTO message_search (message_search, rowid, text, thinking)
        SELECT 'delete', old.id, old.text, old.thinking WHERE old.status <> 'streaming';
    INSERT INTO message_search (rowid, text, thinking)
        SELECT new.id, new.text, new.thinking WHERE new.status <> 'streaming';
END;
CREATE TRIGGER message_deleted AFTER DELETE ON messages WHEN old.status <> 'streaming' BEGIN
    INSERT INTO message_search (message_search, rowid, text, thinking)
        VALUES ('delete', old.id, old.text, old.thinking);
END;
