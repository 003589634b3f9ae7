-- name: make_facts
-- What is known of the whole: `cursor` (JSON), `first` and `mark`.
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- name: make_items
-- `gone`: 0 the source has it, 1 a sweep did not name it, 2 the source said so. `mark` is that of its last change.
CREATE TABLE IF NOT EXISTS items (
    kind TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL,
    gone INTEGER NOT NULL, mark INTEGER NOT NULL, hash BLOB NOT NULL, body BLOB,
    UNIQUE (kind, id)
);

-- name: make_items_by_document
-- For reading documents one after the other, and for naming them without reading.
CREATE INDEX IF NOT EXISTS items_by_document ON items (document, kind, id) WHERE gone = 0;

-- name: make_items_by_kind
-- For counting.
CREATE INDEX IF NOT EXISTS items_by_kind ON items (kind) WHERE gone = 0;

-- name: make_items_gone
-- For forgetting what is gone.
CREATE INDEX IF NOT EXISTS items_gone ON items (mark) WHERE gone > 0;

-- name: make_touches
-- The mark of the last change to any item of a document; the document '' stands for those that are part of many.
CREATE TABLE IF NOT EXISTS touches (document TEXT PRIMARY KEY, mark INTEGER NOT NULL) WITHOUT ROWID;

-- name: make_touches_by_mark
-- For finding what changed since.
CREATE INDEX IF NOT EXISTS touches_by_mark ON touches (mark);

-- name: make_said
-- How many of a kind the source last said it has.
CREATE TABLE IF NOT EXISTS said (kind TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;

-- name: make_present
-- The ids that a sweep names, while it is being kept.
CREATE TEMP TABLE IF NOT EXISTS present (id TEXT PRIMARY KEY) WITHOUT ROWID;

-- name: fact
-- One fact.
SELECT value FROM facts WHERE name = ?;

-- name: put_fact
-- Set one.
INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: known
-- What is there of an item, but for its body.
SELECT document, gone, hash FROM items WHERE kind = ? AND id = ?;

-- name: put_item
-- Keep an item, in place of the one before.
INSERT INTO items (kind, id, document, gone, mark, hash, body) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (kind, id) DO UPDATE SET
    document = excluded.document, gone = excluded.gone, mark = excluded.mark, hash = excluded.hash, body = excluded.body;

-- name: touch
-- Note that an item of a document changed.
INSERT INTO touches VALUES (?, ?) ON CONFLICT (document) DO UPDATE SET mark = excluded.mark;

-- name: put_said
-- How many of a kind the source says it has.
INSERT INTO said VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET count = excluded.count;

-- name: put_present
-- Name one id.
INSERT INTO present VALUES (?) ON CONFLICT DO NOTHING;

-- name: drop_present
-- Forget the names.
DELETE FROM present;

-- name: touch_swept
-- Note which documents a sweep changes: an item is gone that was there, or is there again.
INSERT INTO touches SELECT document, :mark FROM items
WHERE kind = :kind AND ((gone = 0 AND id NOT IN (SELECT id FROM present))
                     OR (gone = 1 AND id IN (SELECT id FROM present)))
ON CONFLICT (document) DO UPDATE SET mark = excluded.mark;

-- name: sweep_away
-- What a sweep does not name is gone; its body stays until it is forgotten.
UPDATE items SET gone = 1, mark = :mark WHERE kind = :kind AND gone = 0 AND id NOT IN (SELECT id FROM present);

-- name: sweep_back
-- What an earlier sweep did not name and this one does is there again.
UPDATE items SET gone = 0, mark = :mark WHERE kind = :kind AND gone = 1 AND id IN (SELECT id FROM present);

-- name: get
-- The body of an item that is there.
SELECT document, body FROM items WHERE kind = ? AND id = ? AND gone = 0;

-- name: rows
-- All of a kind that is there, by id.
SELECT id, document, body FROM items WHERE kind = ? AND gone = 0 ORDER BY id;

-- name: all_documents
-- Every item that is part of one document, document by document.
SELECT document, kind, id, body FROM items WHERE gone = 0 AND document > '' ORDER BY document, kind, id;

-- name: one_document
-- The items of one document.
SELECT document, kind, id, body FROM items WHERE gone = 0 AND document = ? ORDER BY kind, id;

-- name: document_ids
-- The documents that have an item.
SELECT DISTINCT document FROM items WHERE gone = 0 AND document > '' ORDER BY document;

-- name: counts
-- How many of each kind are there.
SELECT kind, count(*) FROM items WHERE gone = 0 GROUP BY kind;

-- name: said
-- How many of each kind the source says it has.
SELECT kind, count FROM said;

-- name: touched
-- The documents that changed after a mark.
SELECT document FROM touches WHERE mark > ? ORDER BY document;

-- name: forget_gone
-- Remove what is gone since a mark or longer.
DELETE FROM items WHERE gone > 0 AND mark <= ?;

-- name: forget_touches
-- Remove the marks of documents that have no item any more.
-- Each half of the list is read from a partial index; without the conditions every item would be read for every mark.
DELETE FROM touches WHERE mark <= ? AND document NOT IN (
    SELECT document FROM items WHERE gone = 0 UNION ALL SELECT document FROM items WHERE gone > 0
);

-- name: clear_items
-- Remove every item.
DELETE FROM items;

-- name: clear_touches
-- Remove every mark.
DELETE FROM touches;

-- name: clear_said
-- Remove what the source said.
DELETE FROM said;

-- name: clear_facts
-- Remove the cursor.
DELETE FROM facts WHERE name = 'cursor';
