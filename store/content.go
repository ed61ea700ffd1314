package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// packed is raw bytes ready to be stored: hashed and compressed outside of any transaction.
type packed struct {
	sum    [sha256.Size]byte
	size   int64
	chunks [][]byte
	text   *string // for an indexer; nil: none wants it
}

func (s *Store) packContent(raw []byte) (packed, error) {
	chunks, err := s.codec.pack(raw)
	return packed{sum: sha256.Sum256(raw), size: int64(len(raw)), chunks: chunks}, err
}

// putContent stores content once; the same bytes get the same id.
func (t *txn) putContent(p packed) (ContentID, error) {
	id, err := t.findContent(p)
	if err != nil || id != 0 {
		return id, err
	}
	n, err := t.insert(`INSERT INTO content(sha256, size, data) VALUES (?, ?, ?)`, p.sum[:], p.size, p.chunks[0])
	if err != nil {
		return 0, err
	}
	for i, c := range p.chunks[1:] {
		if err := t.run(`INSERT INTO content_chunk(content, seq, data) VALUES (?, ?, ?)`, n, i+1, c); err != nil {
			return 0, err
		}
	}
	if p.text != nil {
		t.fresh = append(t.fresh, freshText{ContentID(n), *p.text})
	}
	return ContentID(n), nil
}

// findContent returns the id of the same bytes, or 0.
func (t *txn) findContent(p packed) (ContentID, error) {
	var id ContentID
	err := t.row(`SELECT id FROM content WHERE sha256 = ?`, p.sum[:]).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// content reads raw bytes.
func (s *Store) content(ctx context.Context, q querier, id ContentID) ([]byte, error) {
	var size int64
	var first []byte
	err := q.QueryRowContext(ctx, `SELECT size, data FROM content WHERE id = ?`, id).Scan(&size, &first)
	if err != nil {
		return nil, fmt.Errorf("content %d: %w", id, err)
	}
	raw, err := s.codec.unpack(nil, first, size)
	if err != nil || int64(len(raw)) == size {
		return raw, err
	}
	var chunks int64 // room is made once for all of them, and not for more than they can hold
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM content_chunk WHERE content = ?`, id).Scan(&chunks); err != nil {
		return nil, err
	}
	raw = slices.Grow(raw, int(max(0, min(size, (1+chunks)*chunkSize)-int64(len(raw)))))
	rows, err := q.QueryContext(ctx, `SELECT data FROM content_chunk WHERE content = ? ORDER BY seq`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var chunk sql.RawBytes
		if err := rows.Scan(&chunk); err != nil {
			return nil, err
		}
		if raw, err = s.codec.unpack(raw, chunk, size-int64(len(raw))); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if int64(len(raw)) != size {
		return nil, fmt.Errorf("content %d: %w: %d octets of %d", id, ErrDamaged, len(raw), size)
	}
	return raw, nil
}

// contentHeader reads only as much of the content as its header needs.
func (s *Store) contentHeader(ctx context.Context, q querier, id ContentID) ([]byte, error) {
	var size int64
	var first []byte
	err := q.QueryRowContext(ctx, `SELECT size, data FROM content WHERE id = ?`, id).Scan(&size, &first)
	if err != nil {
		return nil, fmt.Errorf("content %d: %w", id, err)
	}
	raw, err := s.codec.unpack(nil, first, size)
	return headerOf(raw), err
}

// headerOf cuts the header off, the empty line included.
func headerOf(raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte("\r\n")) {
		return raw[:2]
	}
	if i := bytes.Index(raw, []byte("\r\n\r\n")); i >= 0 {
		return raw[:i+4]
	}
	if i := bytes.Index(raw, []byte("\n\n")); i >= 0 {
		return raw[:i+2]
	}
	return raw
}

// messageContent finds a copy's content; ErrNotFound, or 0 when only the header is here.
func messageContent(ctx context.Context, q querier, id MessageID) (ContentID, error) {
	var c sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT content FROM message WHERE id = ?`, id).Scan(&c)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("message %d: %w", id, ErrNotFound)
	}
	return ContentID(c.Int64), err
}

// Raw returns the exact bytes; ErrNoBody when only the header is here.
func (s *Store) Raw(ctx context.Context, id MessageID) (raw []byte, err error) {
	err = s.read(ctx, func(q querier) error {
		c, err := messageContent(ctx, q, id)
		if err == nil && c == 0 {
			err = fmt.Errorf("message %d: %w", id, ErrNoBody)
		}
		if err == nil {
			raw, err = s.content(ctx, q, c)
		}
		return err
	})
	return raw, err
}

// Header returns the raw header.
func (s *Store) Header(ctx context.Context, id MessageID) (raw []byte, err error) {
	err = s.read(ctx, func(q querier) error {
		c, err := messageContent(ctx, q, id)
		if err != nil {
			return err
		}
		if c != 0 {
			raw, err = s.contentHeader(ctx, q, c)
			return err
		}
		err = q.QueryRowContext(ctx, `SELECT data FROM header WHERE message = ?`, id).Scan(&raw)
		if errors.Is(err, sql.ErrNoRows) {
			raw, err = nil, nil
		}
		return err
	})
	return raw, err
}
