-- What was asked, what came of it, and what people think of it. Times are seconds since 1970.

CREATE TABLE requests (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order of the queue
    id          TEXT NOT NULL UNIQUE,               -- uuid4 in hex
    origin      TEXT NOT NULL,                      -- local | discord
    request     TEXT NOT NULL,                      -- JSON of generator.contract.Request
    destination TEXT NOT NULL,                      -- JSON, opaque here; emptied once the answer is delivered
    user_id     TEXT,
    guild_id    TEXT,
    channel_id  TEXT,
    parent      TEXT,                               -- the song that a remix or another take came from
    status      TEXT NOT NULL CHECK (status IN ('queued', 'working', 'composed', 'posted', 'refused')),
    error       TEXT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    created     REAL NOT NULL,
    updated     REAL NOT NULL
);
CREATE INDEX requests_by_status ON requests (status, number);
CREATE INDEX requests_by_user ON requests (user_id, status);

CREATE TABLE songs (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,   -- the order of the history
    id         TEXT NOT NULL UNIQUE REFERENCES requests (id),
    title      TEXT NOT NULL,
    digest     TEXT NOT NULL,                       -- SHA-256 of the MIDI file
    midi       TEXT NOT NULL,                       -- file names in the song's folder
    audio      TEXT NOT NULL,
    picture    TEXT NOT NULL,
    seconds    REAL NOT NULL,
    bpm        REAL NOT NULL,
    key        TEXT NOT NULL,
    scene      TEXT,
    seed       INTEGER NOT NULL,
    model      TEXT NOT NULL,
    engine     TEXT NOT NULL,
    parent     TEXT,
    guild_id   TEXT,
    user_id    TEXT,
    message_id TEXT,
    report     TEXT NOT NULL,
    timings    TEXT NOT NULL,                       -- JSON: seconds per stage
    created    REAL NOT NULL
);
CREATE INDEX songs_by_guild ON songs (guild_id, number);

CREATE TABLE votes (
    song    TEXT NOT NULL REFERENCES songs (id) ON DELETE CASCADE,
    voter   TEXT NOT NULL,
    value   INTEGER NOT NULL CHECK (value IN (-1, 1)),
    created REAL NOT NULL,
    PRIMARY KEY (song, voter)
) WITHOUT ROWID;

CREATE VIEW voted_songs AS
    SELECT songs.*, (SELECT coalesce(sum(value), 0) FROM votes WHERE song = songs.id) AS votes FROM songs;
