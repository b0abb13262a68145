"""The SQLite database itself: connections, migrations, rows as frozen records, cascading deletes."""
