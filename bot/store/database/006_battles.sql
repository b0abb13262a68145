-- Judgements of two songs at a time: one a person and pair. The ranking is worked out from them (bot/ranking.py).

CREATE TABLE battles (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    first   TEXT NOT NULL REFERENCES songs (id) ON DELETE CASCADE,
    second  TEXT NOT NULL REFERENCES songs (id) ON DELETE CASCADE,
    voter   TEXT NOT NULL,
    outcome REAL NOT NULL CHECK (outcome IN (0, 0.5, 1)),  -- 1: the first was preferred; 0: the second; 0.5: neither
    created REAL NOT NULL,
    CHECK (first < second),
    UNIQUE (first, second, voter)
);
CREATE INDEX battles_by_second ON battles (second);
CREATE INDEX battles_by_voter ON battles (voter);
