-- Settings of servers, reports of songs, files by their content, and songs that are deleted.

CREATE TABLE servers (
    guild_id TEXT PRIMARY KEY,
    settings TEXT NOT NULL DEFAULT '{}',  -- JSON: what was set, by the names of ServerSettings
    removed  REAL                         -- since when the bot is no longer there; NULL: it is
) WITHOUT ROWID;

CREATE TABLE reports (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    song     TEXT NOT NULL REFERENCES songs (id) ON DELETE CASCADE,
    reporter TEXT NOT NULL,
    reason   TEXT NOT NULL,
    created  REAL NOT NULL,
    handled  REAL,
    UNIQUE (song, reporter)
);

CREATE TABLE files (                      -- each lies at files/ab/<sha256> in the data folder
    song   TEXT NOT NULL REFERENCES songs (id) ON DELETE CASCADE,
    name   TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes  INTEGER NOT NULL,
    PRIMARY KEY (song, name)
) WITHOUT ROWID;
CREATE INDEX files_by_sha256 ON files (sha256);

CREATE TABLE uploads (                    -- the MIDI files that requests remix, in the same place
    request TEXT PRIMARY KEY REFERENCES requests (id) ON DELETE CASCADE,
    sha256  TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX uploads_by_sha256 ON uploads (sha256);
INSERT INTO uploads
    SELECT id, json_extract(request, '$.upload') FROM requests WHERE json_extract(request, '$.upload') IS NOT NULL;

-- A parent is now a reference, which ends with the parent.
DROP VIEW voted_songs;
ALTER TABLE songs RENAME COLUMN parent TO old_parent;
ALTER TABLE songs ADD COLUMN parent TEXT REFERENCES songs (id) ON DELETE SET NULL;
UPDATE songs SET parent = old_parent WHERE old_parent IN (SELECT id FROM songs);
ALTER TABLE songs DROP COLUMN old_parent;
CREATE INDEX songs_by_parent ON songs (parent);
ALTER TABLE requests RENAME COLUMN parent TO old_parent;
ALTER TABLE requests ADD COLUMN parent TEXT REFERENCES songs (id) ON DELETE SET NULL;
UPDATE requests SET parent = old_parent WHERE old_parent IN (SELECT id FROM songs);
ALTER TABLE requests DROP COLUMN old_parent;
CREATE INDEX requests_by_parent ON requests (parent);
CREATE INDEX requests_by_guild ON requests (guild_id, status);

ALTER TABLE songs ADD COLUMN deleted REAL;  -- when; the row stays empty for as long as others name it as their parent
CREATE VIEW voted_songs AS
    SELECT songs.*, (SELECT coalesce(sum(value), 0) FROM votes WHERE song = songs.id) AS votes
    FROM songs WHERE deleted IS NULL;
