package main

import (
	"io"
	"reflect"
	"strings"
	"testing"
)

// TestSendmailArgs: the command lines of cron, git, mailx, mutt, PHP and others,
// as Postfix and Sendmail read them.
func TestSendmailArgs(t *testing.T) {
	to := []string{"bob@x.org"}
	for line, want := range map[string]sendmailOptions{
		"-i -FCronDaemon -B8BITMIME -oem root":     {ignoreDots: true, name: "CronDaemon", to: []string{"root"}},
		"-FCronDaemon -i -odi -oem -oi -t -f root": {fromHeader: true, ignoreDots: true, name: "CronDaemon", sender: "root"},
		"-t -i":                                 {fromHeader: true, ignoreDots: true},
		"-ti":                                   {fromHeader: true, ignoreDots: true},
		"-it":                                   {fromHeader: true, ignoreDots: true},
		"-oi -t":                                {fromHeader: true, ignoreDots: true},
		"-o i bob@x.org":                        {ignoreDots: true, to: to},
		"-oiFalse bob@x.org":                    {to: to},
		"-O IgnoreDots=true":                    {ignoreDots: true},
		"-OIgnoreDots=no":                       {},
		"-odq bob@x.org":                        {queue: true, to: to},
		"-odd bob@x.org":                        {queue: true, to: to},
		"-odb bob@x.org":                        {to: to},
		"-O DeliveryMode=b -t":                  {fromHeader: true},
		"-ODeliveryMode=queue -t":               {fromHeader: true, queue: true},
		"-f me@x.org bob@x.org":                 {sender: "me@x.org", to: to},
		"-fme@x.org bob@x.org":                  {sender: "me@x.org", to: to},
		"-r me@x.org bob@x.org":                 {sender: "me@x.org", to: to},
		"-tifme@x.org":                          {fromHeader: true, ignoreDots: true, sender: "me@x.org"},
		"-tif me@x.org":                         {fromHeader: true, ignoreDots: true, sender: "me@x.org"},
		"-f '' bob@x.org":                       {sender: "<>", to: to},
		"-f <> bob@x.org":                       {sender: "<>", to: to},
		"-f<> bob@x.org":                        {sender: "<>", to: to},
		"bob@x.org -f me@x.org":                 {sender: "me@x.org", to: to},
		"-i -- bob@x.org -t":                    {ignoreDots: true, to: []string{"bob@x.org", "-t"}},
		"-bm -G -U -n -m -x -s -c -T bob@x.org": {to: to},
		"-em -e m -h 3 -h3 -p ESMTP -L tag -X /dev/null -C/etc/x.cf -d -d8.1 -Am bob@x.org": {to: to},
		"-N never -R hdrs -V id123 bob@x.org":                                               {dsn: "NEVER", to: to},
		"-Nfailure,delay -Rfull bob@x.org":                                                  {dsn: "FAILURE,DELAY", to: to},
		"-N sometimes bob@x.org":                                                            {to: to},
		"-B 8BITMIME bob@x.org":                                                             {to: to},
		"-bp":                                                                               {list: true},
		"-b p":                                                                              {list: true},
		"-bi":                                                                               {aliases: true},
		"-I":                                                                                {aliases: true},
		"-q":                                                                                {flush: true},
		"-qf":                                                                               {flush: true},
		"":                                                                                  {},
	} {
		a := &app{stdio: stdio{err: io.Discard}}
		got, err := a.sendmailArgs(argvOf(line))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v %v\nwant %+v", line, got, err, want)
		}
	}
	for line, say := range map[string]string{
		"-bs": "SMTP on stdin", "-bd": "daemon", "-bd -q15m": "daemon", "-q15m": "mua service", "-qRx.org": "a part", "-bv x": "-bv", "-bt": "-bt",
		"-f": "wants a value", "-ti -F": "wants a value", "-y": "-y", "--sign": "--sign", "-b": "wants a value",
	} {
		a := &app{stdio: stdio{err: io.Discard}}
		_, err := a.sendmailArgs(argvOf(line))
		if err == nil || exitStatus(err) != exitUsage || !strings.Contains(err.Error(), say) {
			t.Errorf("%s: %v", line, err)
		}
	}
	for _, name := range []string{"/usr/sbin/sendmail", "mailq", "/usr/bin/newaliases"} {
		if got := commandLine([]string{name, "x"}); got[0] != "sendmail" || got[len(got)-1] != "x" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// argvOf splits a command line at its blanks; ” is an empty word.
func argvOf(line string) []string {
	out := strings.Fields(line)
	for i, w := range out {
		if w == "''" {
			out[i] = ""
		}
	}
	return out
}
