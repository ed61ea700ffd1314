package main

import (
	"context"
	"os"
	"strings"

	"mua/account"
)

// dispatcherScript is a script that NetworkManager runs, as root, whenever the
// network changes (NetworkManager-dispatcher(8)).
type dispatcherScript struct{}

const dispatcherPath = "/etc/NetworkManager/dispatcher.d/90-mua"

func (dispatcherScript) kind() string { return "dispatcher" }

// files is the script. NetworkManager waits for it and gives it names that come
// from the network: it takes nothing from there but fixed words, and starts mua as
// its user, apart from itself.
func (dispatcherScript) files(p program) ([]serviceFile, error) {
	argv := p.argv("outbox", "flush", "--timer")
	if strings.Contains(strings.Join(append(argv, p.env...), ""), "$") {
		return nil, usagef("systemd-run gives $ a meaning of its own: give mua, its configuration and its data paths without it")
	}
	runtime := "/run/user/" + p.user.Uid // where the keyring is reached
	env := append([]string{"HOME=" + p.user.HomeDir, "XDG_RUNTIME_DIR=" + runtime, "DBUS_SESSION_BUS_ADDRESS=unix:path=" + runtime + "/bus"}, p.env...)
	detached := []string{"systemd-run", "--quiet", "--no-block", "--collect", "--unit=mua-flush-" + p.user.Uid, "--uid=" + p.user.Uid}
	for _, e := range env {
		detached = append(detached, "--setenv="+e)
	}
	detached = append(append(detached, "--"), argv...)
	child := append(append([]string{"setsid", "runuser", "-u", p.user.Username, "--", "env"}, env...), argv...)
	return []serviceFile{{dispatcherPath, `#!/bin/sh
` + unitMark + ` The network is up: send what waits in the outbox of ` + p.user.Username + `.
case "$2" in
up | vpn-up | dhcp4-change | dhcp6-change) ;;
connectivity-change) [ "$CONNECTIVITY_STATE" = FULL ] || exit 0 ;;
*) exit 0 ;;
esac
if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
  # It fails where the last one is still at work, which is as good.
  ` + shellCommand(detached...) + ` >/dev/null 2>&1
else
  ` + shellCommand(child...) + ` </dev/null >/dev/null 2>&1 &
fi
exit 0
`}}, nil
}

func (dispatcherScript) how([]serviceFile) []string {
	return []string{
		"mua service print --kind dispatcher > 90-mua",
		"sudo install -m 755 90-mua " + dispatcherPath,
	}
}

func (d dispatcherScript) install(_ context.Context, _ *app, files []serviceFile, _ bool) error {
	return &account.Trouble{Kind: account.KindUsage, What: "the script runs as root, so that root must install it",
		Hint: strings.Join(d.how(files), " && ")}
}

func (dispatcherScript) uninstall(context.Context, *app, bool) error {
	return &account.Trouble{Kind: account.KindUsage, What: "the script belongs to root", Hint: "sudo rm " + dispatcherPath}
}

func (d dispatcherScript) state(_ context.Context, files []serviceFile) serviceState {
	now, err := os.ReadFile(dispatcherPath)
	return serviceState{Kind: d.kind(), Installed: err == nil, Current: string(now) == files[0].text, Where: dispatcherPath}
}
