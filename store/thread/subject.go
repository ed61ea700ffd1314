package thread

import (
	"slices"
	"strings"
	"unicode"

	"mua/store/query"
)

// replyWords begin the subject of an answer, whatever the language of the program that wrote it.
const replyWords = " re aw antw antwort sv vs vl rif r ref res odp odpowiedz ynt yan atb bls ha ris απ σχετ на ответ отв 回复 回覆 答复 答覆 返信 回信 "

// forwardWords begin the subject of what is passed on: taken off, but no answer.
const forwardWords = " fw fwd wg tr rv enc pd i vb doorst fs vy 转发 轉寄 転送 "

// smallTalk says nothing of what a message is about.
const smallTalk = " hi hello hey hallo hola salut bonjour ciao test testing question frage info information help hilfe re update news thanks thank you danke merci " +
	"please urgent important reminder meeting invoice rechnung document file files photo photos none no subject your order mail email e message untitled the a an of for to and there all this it " +
	"good morning evening quick new fyi request "

// enough is how much a subject has to say before answers are found by it, in letters.
const enough = 8

// Topic is a subject without what answering and passing on has put around it, folded, and whether it says that this
// is an answer. It is "" for a subject that says too little to tell two threads apart ("Re: hi").
func Topic(subject string) (topic string, reply bool) {
	s := strings.TrimSpace(subject)
	for range 50 { // a subject of prefixes only is no reason to look at it for ever
		rest, kind := cutPrefix(s)
		if kind == none {
			if rest, kind = cutTag(s); kind == none {
				break
			}
		}
		reply = reply || kind == answer
		s = rest
	}
	words := strings.Fields(query.Words(s))
	weight := 0
	for _, w := range words {
		if !strings.Contains(smallTalk, " "+w+" ") {
			weight += weigh(w)
		}
	}
	if weight < enough {
		return "", reply
	}
	return strings.Join(words, " "), reply
}

type prefix int

const (
	none prefix = iota
	answer
	other
)

// cutPrefix takes one "Re:", "AW:", "Re[2]:", "Re^3:" or "Fwd:" off.
func cutPrefix(s string) (rest string, kind prefix) {
	i := strings.IndexAny(s, ":：")
	if i < 1 || i > 24 {
		return s, none
	}
	word := s[:i]
	if j := strings.IndexAny(word, "[(^"); j > 0 && strings.Trim(word[j:], "[]()^0123456789 ") == "" {
		word = word[:j]
	}
	word = " " + strings.ToLower(strings.Trim(word, " .")) + " "
	switch {
	case strings.Contains(replyWords, word):
		kind = answer
	case strings.Contains(forwardWords, word):
		kind = other
	default:
		return s, none
	}
	return strings.TrimSpace(strings.TrimLeft(s[i:], ":：")), kind
}

// cutTag takes a mailing list's "[name]" off, as long as something follows it.
func cutTag(s string) (rest string, kind prefix) {
	if !strings.HasPrefix(s, "[") {
		return s, none
	}
	i := strings.IndexByte(s, ']')
	if i < 2 || i > 40 {
		return s, none
	}
	if rest = strings.TrimSpace(s[i+1:]); rest == "" {
		return s, none
	}
	return rest, other
}

// weigh counts letters; one of a script that writes words or syllables counts for three.
func weigh(word string) (n int) {
	for _, r := range word {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
			n += 3
		case unicode.IsLetter(r):
			n++
		}
	}
	return n
}

// OwnRefs leaves out of references what is really somebody's address: In-Reply-To once was prose, and named people.
func OwnRefs(refs []string, people ...string) []string {
	if !slices.ContainsFunc(refs, func(r string) bool { return isOneOf(r, people) }) {
		return refs
	}
	return slices.DeleteFunc(slices.Clone(refs), func(r string) bool { return isOneOf(r, people) })
}

func isOneOf(ref string, people []string) bool {
	return slices.ContainsFunc(people, func(p string) bool { return strings.EqualFold(strings.Trim(ref, "<>"), p) })
}
