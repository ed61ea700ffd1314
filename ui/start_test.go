package ui

import (
	"testing"

	"mua/account"
	"mua/store"
)

// TestWhereOneStarts: in the inbox, but where no mail is fetched in a mailbox that has some.
func TestWhereOneStarts(t *testing.T) {
	mail := mailText("Eve <eve@example.org>", "an old letter", "text")
	nobody := func(c *account.Config) { c.Accounts = nil }
	sends := func(c *account.Config) { c.Accounts[0].Incoming = nil }
	for _, c := range []struct {
		name   string
		config func(*account.Config)
		fill   func(r *rig)
		want   string
	}{
		{"imported", nobody, func(r *rig) { r.add("Sent", store.RoleSent, mail); r.add("Old", "", mail) }, "▸ work ▸ Old"},
		{"imported beside an empty inbox", nobody, func(r *rig) { r.add("INBOX", store.RoleInbox); r.add("Old", "", mail) }, "▸ work ▸ Old"},
		{"imported beside an inbox", nobody, func(r *rig) { r.add("INBOX", store.RoleInbox, mail); r.add("Old", "", mail) }, "▸ work ▸ INBOX"},
		{"only sent", nobody, func(r *rig) { r.add("INBOX", store.RoleInbox); r.add("Sent", store.RoleSent, mail) }, "▸ work ▸ Sent"},
		{"an account that only sends", sends, func(r *rig) { r.add("INBOX", store.RoleInbox); r.add("Old", "", mail) }, "▸ work ▸ Old"},
		{"an account", nil, func(r *rig) { r.add("INBOX", store.RoleInbox); r.add("Old", "", mail) }, "▸ work ▸ INBOX"},
		{"nothing at all", nobody, func(r *rig) { r.add("INBOX", store.RoleInbox) }, "▸ work ▸ INBOX"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, setup{config: c.config, fill: c.fill})
			r.sees(c.want)
		})
	}
}
