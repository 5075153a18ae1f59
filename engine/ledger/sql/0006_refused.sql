-- What was read of the source when a document was refused, as JSON: a digest of each
-- answer. Any other value ends its back-off.
ALTER TABLE transfers ADD COLUMN refused TEXT;
