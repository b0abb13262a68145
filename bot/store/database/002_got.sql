-- What came out of a request beside tempo, key and length: density, bars, what is shared with songs that exist.
ALTER TABLE songs ADD COLUMN got TEXT NOT NULL DEFAULT '{}';
