-- Messages that hold a song beside its first, and songs that are shown in their own channel alone.

CREATE TABLE messages (
    message_id TEXT PRIMARY KEY,
    channel_id TEXT NOT NULL,
    song       TEXT NOT NULL REFERENCES songs (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL,               -- who had it posted again
    created    REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX messages_by_song ON messages (song);
CREATE INDEX messages_by_user ON messages (user_id);

-- The channel where alone a song is listed, NULL: in all of its place. Songs of earlier versions are listed as they were.
ALTER TABLE requests ADD COLUMN only_in TEXT;
ALTER TABLE songs ADD COLUMN only_in TEXT;
