-- What the sentences of a row are made of, as JSON, so that each can be said in other languages than English.

ALTER TABLE requests ADD COLUMN error_said TEXT;  -- of `error`; NULL where that is all there is to it
ALTER TABLE songs ADD COLUMN report_said TEXT;    -- of `report`, likewise
DROP VIEW voted_songs;
CREATE VIEW voted_songs AS SELECT * FROM songs WHERE deleted IS NULL;
