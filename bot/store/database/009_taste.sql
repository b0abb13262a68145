-- What is measured on a song's score, as JSON by the names of generator.contract.FEATURES; {} for songs made before.
ALTER TABLE songs ADD COLUMN features TEXT NOT NULL DEFAULT '{}';
