package message

import "strings"

const maxReferences = 1000 // message ids kept of one field: the first and the newest

// firstMessageID returns the first message id of a value, with <>, or "".
func firstMessageID(value string) string {
	if ids := messageIDs(value); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// messageIDs reads the ids of a Message-ID, In-Reply-To or References value.
// White space that folding put into an id is removed. Without any <>, words
// with an @ are taken (RFC 5322 section 3.6.4 and what people send).
func messageIDs(value string) []string {
	var out []string
	rest := value
	for {
		_, after, ok := strings.Cut(rest, "<")
		if !ok {
			break
		}
		end := strings.IndexAny(after, "<>")
		if end < 0 {
			out = appendID(out, after)
			break
		}
		out = appendID(out, after[:end])
		rest = after[end:]
	}
	if len(out) == 0 && !strings.Contains(value, "<") {
		for word := range strings.FieldsSeq(value) {
			if word = strings.Trim(word, ",;>\"'()"); strings.Contains(word, "@") {
				out = appendID(out, word)
			}
		}
		if out == nil && value != "" && !strings.ContainsAny(value, " \t") {
			out = appendID(out, value)
		}
	}
	if len(out) > maxReferences {
		out = append(out[:1:1], out[len(out)-maxReferences+1:]...)
	}
	return out
}

func appendID(ids []string, id string) []string {
	id = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(id, "\ufffd"))
	if id == "" {
		return ids
	}
	return append(ids, "<"+id+">")
}
