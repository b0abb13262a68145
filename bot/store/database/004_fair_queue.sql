-- The fair queue: who and where a turn belongs to, the round that it was taken in, how long it will take.

ALTER TABLE requests ADD COLUMN round INTEGER;              -- of the queue, when it was first taken; see queue.py
ALTER TABLE requests ADD COLUMN music REAL NOT NULL DEFAULT 30;  -- seconds of music that it will probably give
ALTER TABLE requests ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0;  -- 1: it was taken back
ALTER TABLE requests ADD COLUMN person TEXT                 -- all who give no name count as one person
    GENERATED ALWAYS AS (origin || ':' || coalesce(user_id, '')) VIRTUAL;
ALTER TABLE requests ADD COLUMN place TEXT                  -- a server; outside of servers each conversation or browser
    GENERATED ALWAYS AS (origin || ':' || coalesce(CASE origin WHEN 'local' THEN user_id ELSE guild_id END, '')) VIRTUAL;
ALTER TABLE requests ADD COLUMN mode TEXT
    GENERATED ALWAYS AS (coalesce(json_extract(request, '$.mode'), 'generate')) VIRTUAL;
CREATE INDEX requests_by_round ON requests (round);
CREATE INDEX requests_by_person ON requests (person, created);
CREATE INDEX requests_queued ON requests (person, number, place, round) WHERE status = 'queued';

CREATE TABLE paces (
    mode TEXT PRIMARY KEY,
    pace REAL NOT NULL  -- seconds of work a second of music: the exponential mean of what was made lately
) WITHOUT ROWID;
