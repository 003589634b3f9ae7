-- What was asked, for lists and for finding recordings again: the beginning of the input's text.

-- Null where the input has no text, and for recordings kept before this column was.
ALTER TABLE recordings ADD COLUMN asked TEXT;
