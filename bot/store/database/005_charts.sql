-- Votes that rank, counted as they are cast: a chart of many songs reads an index and nothing else.

ALTER TABLE songs ADD COLUMN likes INTEGER NOT NULL DEFAULT 0;     -- of others than the one who asked for the song
ALTER TABLE songs ADD COLUMN dislikes INTEGER NOT NULL DEFAULT 0;  -- likewise
ALTER TABLE songs ADD COLUMN own INTEGER NOT NULL DEFAULT 0;       -- the vote of the one who asked, which does not rank
-- The sum that people see, and what charts are ordered by: charts.py has the same formula. (SQLite takes a comment between
-- a type and GENERATED for a part of the type.)
ALTER TABLE songs ADD COLUMN votes INTEGER GENERATED ALWAYS AS (likes - dislikes + own) VIRTUAL;
ALTER TABLE songs ADD COLUMN bound REAL GENERATED ALWAYS AS (iif(likes, (
    likes + 1.920729410347062
    - 1.959963984540054 * sqrt(1.0 * likes * dislikes / (likes + dislikes) + 0.960364705173531)
) / (likes + dislikes + 3.841458820694124), 0.0)) VIRTUAL;
CREATE INDEX songs_by_bound ON songs (guild_id, bound DESC, created, number) WHERE likes > 0;
CREATE INDEX votes_by_voter ON votes (voter);

DELETE FROM votes WHERE song IN (SELECT id FROM songs WHERE deleted IS NOT NULL);
UPDATE songs SET
    likes = (SELECT count(*) FROM votes WHERE song = songs.id AND value > 0 AND voter IS NOT songs.user_id),
    dislikes = (SELECT count(*) FROM votes WHERE song = songs.id AND value < 0 AND voter IS NOT songs.user_id),
    own = (SELECT coalesce(sum(value), 0) FROM votes WHERE song = songs.id AND voter IS songs.user_id);

CREATE TRIGGER vote_cast AFTER INSERT ON votes BEGIN
    UPDATE songs SET
        likes = likes + (new.value > 0 AND new.voter IS NOT user_id),
        dislikes = dislikes + (new.value < 0 AND new.voter IS NOT user_id),
        own = own + iif(new.voter IS user_id, new.value, 0)
    WHERE id = new.song;
END;
CREATE TRIGGER vote_withdrawn AFTER DELETE ON votes BEGIN
    UPDATE songs SET
        likes = likes - (old.value > 0 AND old.voter IS NOT user_id),
        dislikes = dislikes - (old.value < 0 AND old.voter IS NOT user_id),
        own = own - iif(old.voter IS user_id, old.value, 0)
    WHERE id = old.song;
END;
CREATE TRIGGER vote_changed AFTER UPDATE OF value ON votes WHEN old.value <> new.value BEGIN
    UPDATE songs SET
        likes = likes + iif(new.voter IS user_id, 0, new.value),
        dislikes = dislikes - iif(new.voter IS user_id, 0, new.value),
        own = own + iif(new.voter IS user_id, new.value - old.value, 0)
    WHERE id = new.song;
END;

DROP VIEW voted_songs;
CREATE VIEW voted_songs AS SELECT * FROM songs WHERE deleted IS NULL;
