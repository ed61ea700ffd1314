-- A contact's weight is in thousandths, and what is left of it at the time it was last met: it fades by half in 90 days.
-- uses: in how many messages it was met; for those met before this column, what it weighed tells it best.
ALTER TABLE contact ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;
UPDATE contact SET uses = weight, weight = weight * 1000;
-- Programs that wrote to us, and were never written to, are not known any more.
DELETE FROM contact WHERE weight < 10000 AND (
  replace(replace(replace(addr, '-', ''), '_', ''), '.', '') LIKE '%noreply%@%'
  OR replace(replace(replace(addr, '-', ''), '_', ''), '.', '') LIKE '%donotreply%@%'
  OR addr LIKE '%-bounces@%' OR addr LIKE 'bounce%' OR addr LIKE 'notification%' OR addr LIKE 'newsletter%' OR addr LIKE 'postmaster@%');
