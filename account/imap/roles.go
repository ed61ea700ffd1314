package imap

import (
	"strings"

	"github.com/emersion/go-imap/v2"

	"mua/store"
)

// roleByAttr is the special use of RFC 6154 as a role.
func roleByAttr(a imap.MailboxAttr) store.Role {
	switch a {
	case imap.MailboxAttrSent:
		return store.RoleSent
	case imap.MailboxAttrDrafts:
		return store.RoleDrafts
	case imap.MailboxAttrTrash:
		return store.RoleTrash
	case imap.MailboxAttrJunk:
		return store.RoleJunk
	case imap.MailboxAttrArchive:
		return store.RoleArchive
	case imap.MailboxAttrAll:
		return store.RoleAll
	}
	return ""
}

// roleNames are the names that clients and servers give where SPECIAL-USE says nothing, lower-case.
func roleNames() map[string]store.Role {
	out := map[string]store.Role{}
	for role, names := range map[store.Role][]string{
		store.RoleSent: {"sent", "sent items", "sent messages", "sent mail", "sent-mail", "gesendet", "gesendete elemente", "gesendete objekte", "gesendete nachrichten",
			"envoyés", "éléments envoyés", "messages envoyés", "enviados", "elementos enviados", "mensajes enviados", "itens enviados", "inviata", "posta inviata", "elementi inviati",
			"verzonden", "verzonden items", "verzonden berichten", "skickat", "skickade", "sendt", "sendte elementer", "lähetetyt", "wysłane", "elementy wysłane", "odeslané",
			"отправленные", "надіслані", "已发送", "已发送邮件", "寄件備份", "已傳送", "送信済み", "送信済みトレイ", "보낸편지함", "보낸 편지함", "gönderilmiş", "gönderilen öğeler"},
		store.RoleDrafts: {"drafts", "draft", "entwürfe", "brouillons", "borradores", "rascunhos", "bozze", "concepten", "utkast", "kladder", "luonnokset",
			"kopie robocze", "wersje robocze", "koncepty", "черновики", "чернетки", "草稿", "草稿箱", "草稿匣", "下書き", "임시보관함", "임시 보관함", "taslaklar"},
		store.RoleTrash: {"trash", "deleted items", "deleted messages", "deleted", "bin", "papierkorb", "gelöscht", "gelöschte elemente", "gelöschte objekte", "corbeille",
			"éléments supprimés", "papelera", "elementos eliminados", "lixeira", "itens excluídos", "cestino", "posta eliminata", "prullenbak", "verwijderde items", "papperskorg", "papirkurv",
			"slettede elementer", "roskakori", "kosz", "elementy usunięte", "koš", "корзина", "удаленные", "кошик", "已删除邮件", "已删除", "垃圾桶", "刪除的郵件", "ゴミ箱", "휴지통", "çöp kutusu"},
		store.RoleJunk: {"junk", "spam", "junk e-mail", "junk email", "junk mail", "bulk mail", "spamverdacht", "unerwünscht", "indésirables", "courrier indésirable", "pourriel",
			"correo no deseado", "lixo eletrônico", "posta indesiderata", "ongewenste e-mail", "skräppost", "søppelpost", "roskaposti", "wiadomości-śmieci", "nevyžádaná pošta",
			"спам", "нежелательная почта", "垃圾邮件", "垃圾郵件", "迷惑メール", "스팸", "스팸메일함", "önemsiz"},
		store.RoleArchive: {"archive", "archives", "archiv", "archivo", "arquivo", "archivio", "archief", "arkiv", "arkisto", "archiwum", "архив", "архів", "归档", "封存", "アーカイブ", "보관함", "arşiv"},
		store.RoleAll:     {"all mail", "alle nachrichten", "tous les messages", "todos", "todos los mensajes"},
	} {
		for _, n := range names {
			out[n] = role
		}
	}
	return out
}

// roleByName guesses a role from the last part of a mailbox's name.
func roleByName(names map[string]store.Role, name, separator string) store.Role {
	if separator != "" {
		parts := strings.Split(name, separator)
		if len(parts) > 2 || len(parts) == 2 && !isRootName(parts[0]) {
			return "" // Projects/Archive is someone's own
		}
		name = parts[len(parts)-1]
	}
	return names[strings.ToLower(strings.TrimSpace(name))]
}

// isRootName tells the parents under which servers file the special mailboxes.
func isRootName(s string) bool {
	s = strings.ToLower(s)
	return s == "inbox" || s == "[gmail]" || s == "[google mail]"
}

// assignRoles gives each role to one mailbox: INBOX by its name, then SPECIAL-USE, then names.
func assignRoles(list []listed) {
	taken := map[store.Role]bool{}
	give := func(m *listed, r store.Role) {
		if r != "" && !taken[r] && m.Role == "" && !m.NoSelect {
			m.Role, taken[r] = r, true
		}
	}
	for i := range list {
		if strings.EqualFold(list[i].Name, "INBOX") {
			give(&list[i], store.RoleInbox)
		}
	}
	for i := range list {
		for _, a := range list[i].attrs {
			give(&list[i], roleByAttr(a))
		}
	}
	names := roleNames()
	for i := range list {
		give(&list[i], roleByName(names, list[i].Name, list[i].Separator))
	}
}
