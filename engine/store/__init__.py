"""The encrypted database: one connection on one thread, migrations, backups, repositories."""
