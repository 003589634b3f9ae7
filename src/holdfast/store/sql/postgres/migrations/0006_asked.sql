-- What was asked, for lists and for finding recordings again: the beginning of the input's text.

-- Null where the input has no text, and for recordings kept before this column was. By this collation ILIKE takes
-- ASCII letters in any case and no others, whatever the database's own collation is.
ALTER TABLE recordings ADD COLUMN asked TEXT COLLATE "C";
