-- Contests: weekly rounds of a place, in which songs are nominated, then voted for, then one wins. Who voted for what is
-- forgotten when a round ends; how many did stays with the songs. Times are whole seconds since 1970.

CREATE TABLE contests (
    guild_id   TEXT PRIMARY KEY,           -- a place where rounds follow each other
    channel_id TEXT,                       -- where it was started; NULL: on the page
    ending     INTEGER NOT NULL DEFAULT 0, -- 1: no round follows the one that is open
    quiet      INTEGER NOT NULL DEFAULT 0  -- rounds in a row, up to the last one, without a nomination
) WITHOUT ROWID;

CREATE TABLE rounds (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,       -- uuid4 in hex, by which buttons know it
    guild_id   TEXT NOT NULL,
    channel_id TEXT,                       -- as its contest's, which may end before the round is announced
    ordinal    INTEGER NOT NULL,           -- counts the place's rounds from 1
    stage      TEXT NOT NULL DEFAULT 'nominating' CHECK (stage IN ('nominating', 'voting', 'over')),
    voting     INTEGER NOT NULL,           -- when nominations end and votes begin
    closes     INTEGER NOT NULL,           -- when votes end
    ended      INTEGER,                    -- when it really ended
    outcome    TEXT CHECK (outcome IN ('won', 'no-nominations', 'no-votes', 'stopped')),
    voters     INTEGER NOT NULL DEFAULT 0, -- how many had voted, once it is over
    CHECK ((stage = 'over') = (outcome IS NOT NULL)),
    UNIQUE (guild_id, ordinal)
);
CREATE UNIQUE INDEX rounds_open ON rounds (guild_id) WHERE stage <> 'over';  -- one at a time

CREATE TABLE nominations (                 -- a song that is deleted leaves its rounds, also those that it won
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    round     INTEGER NOT NULL REFERENCES rounds (number) ON DELETE CASCADE,
    song      TEXT NOT NULL REFERENCES songs (id) ON DELETE CASCADE,
    nominator TEXT,                        -- NULL once the round is over, or where that person was erased
    votes     INTEGER,                     -- NULL until the round is over
    won       INTEGER NOT NULL DEFAULT 0,
    UNIQUE (round, song)
);
CREATE INDEX nominations_by_song ON nominations (song);
CREATE INDEX nominations_by_nominator ON nominations (nominator) WHERE nominator IS NOT NULL;
CREATE UNIQUE INDEX nominations_won ON nominations (round) WHERE won;

CREATE TABLE ballots (                     -- of open rounds
    round INTEGER NOT NULL,
    voter TEXT NOT NULL,
    song  TEXT NOT NULL,
    PRIMARY KEY (round, voter),
    FOREIGN KEY (round, song) REFERENCES nominations (round, song) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX ballots_by_song ON ballots (round, song);
CREATE INDEX ballots_by_voter ON ballots (voter);

CREATE TABLE announcements (               -- what a server is told of a stage, once each
    round      INTEGER NOT NULL REFERENCES rounds (number) ON DELETE CASCADE,
    stage      TEXT NOT NULL,
    channel_id TEXT,                       -- where it goes, written down before it is sent
    message_id TEXT,                       -- what it became
    waiting    INTEGER NOT NULL DEFAULT 1, -- counts what happened since it was shown; 0: it shows what is true
    PRIMARY KEY (round, stage)
) WITHOUT ROWID;
CREATE INDEX announcements_waiting ON announcements (round) WHERE waiting > 0;

-- What an announcement lists has changed, whichever way.
CREATE TRIGGER nomination_made AFTER INSERT ON nominations BEGIN
    UPDATE announcements SET waiting = waiting + 1 WHERE round = new.round;
END;
CREATE TRIGGER nomination_gone AFTER DELETE ON nominations BEGIN
    UPDATE announcements SET waiting = waiting + 1 WHERE round = old.round;
END;
