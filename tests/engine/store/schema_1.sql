CREATE INDEX alert_history_by_alert ON alert_history (alert_id);
CREATE INDEX cards_by_message ON cards (message_id, id);
CREATE INDEX messages_by_chat ON messages (chat_id, id);
CREATE INDEX prices_by_batch ON prices (batch_id);
CREATE INDEX transactions_by_batch ON transactions (batch_id);
CREATE INDEX transactions_by_time ON transactions (time, id);
CREATE TABLE alert_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id INTEGER REFERENCES alerts (id) ON DELETE SET NULL,
    fired TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    asset TEXT NOT NULL,
    condition TEXT NOT NULL CHECK (condition IN ('above', 'below', 'up_percent', 'down_percent')),
    value TEXT NOT NULL,
    currency TEXT NOT NULL,
    created TEXT NOT NULL,
    armed INTEGER NOT NULL DEFAULT 1 CHECK (armed IN (0, 1)),
    last_fired TEXT
) STRICT;
CREATE TABLE batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('transactions', 'prices')),
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
CREATE TABLE chats (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
) STRICT;
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
) STRICT;
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
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE transactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id INTEGER NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    time TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('buy', 'sell', 'trade', 'deposit', 'withdrawal',
                                       'transfer', 'income', 'fee')),
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
    row_hash TEXT NOT NULL UNIQUE
) STRICT;
