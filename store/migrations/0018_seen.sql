-- The last message there was when the last pass that saw a mailbox on its server began: what is new since may have been moved from
-- there. It was one for the whole account, which a mailbox that could never be pulled held back for all.
ALTER TABLE mailbox ADD COLUMN seen INTEGER;
UPDATE mailbox SET seen = (SELECT n FROM signal WHERE signal.account = mailbox.account AND kind = 'seen');
DELETE FROM signal WHERE kind = 'seen';
