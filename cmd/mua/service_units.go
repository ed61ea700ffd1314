package main

import (
	"fmt"
	"strings"
)

// unitMark is the first line of what mua writes: by it uninstall knows its own.
const unitMark = "# Written by mua service."

// watchUnits is the unit of mua sync --watch.
func watchUnits(p program) map[string]string {
	return map[string]string{"mua-sync.service": unitMark + `
[Unit]
Description=mua: send what waits in the outbox, fetch new mail
Documentation=man:mua-sync(1)

[Service]
Type=simple
` + execution(p, "sync", "--watch") + `Restart=on-failure
RestartSec=30
# A wrong command line or configuration does not mend itself.
RestartPreventExitStatus=64 78
# A message that is being handed over is finished first.
TimeoutStopSec=60

[Install]
WantedBy=default.target
`}
}

// timerUnits are the units of a flush every five minutes.
func timerUnits(p program) map[string]string {
	return map[string]string{"mua-flush.service": unitMark + `
[Unit]
Description=mua: send what waits in the outbox
Documentation=man:mua-outbox-flush(1)

[Service]
Type=oneshot
` + execution(p, "outbox", "flush", "--timer") + `# No network, or a server that says later: the timer comes again.
SuccessExitStatus=75
TimeoutStopSec=60
`, "mua-flush.timer": unitMark + `
[Unit]
Description=mua: send what waits in the outbox, every five minutes

[Timer]
OnBootSec=1min
OnCalendar=*:0/5
Persistent=true
RandomizedDelaySec=30

[Install]
WantedBy=timers.target
`}
}

// execution are the lines that run mua. There is no sandbox: a password command may
// be set-group-id, start an agent, or read anywhere in the home folder.
func execution(p program, words ...string) string {
	var b strings.Builder
	for _, e := range p.env {
		fmt.Fprintf(&b, "Environment=%s\n", unitWord(e))
	}
	b.WriteString("ExecStart=")
	argv := p.argv(words...)
	if strings.Contains(strings.Join(argv, ""), "$") {
		b.WriteString(":") // no variables here
	}
	for i, w := range argv {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(unitWord(w))
	}
	b.WriteString("\nUMask=0077\n# No password ends up in a crash dump.\nLimitCORE=0\n")
	return b.String()
}

// unitWord quotes a word by the rules of systemd.syntax(7); % begins a specifier.
func unitWord(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`).Replace(s)
	if s == "" || strings.ContainsAny(s, " \\\"';") {
		return `"` + s + `"`
	}
	return s
}
