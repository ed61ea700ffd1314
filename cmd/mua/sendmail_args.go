package main

import "strings"

// sendmailOptions are what the traditional flags ask for.
type sendmailOptions struct {
	fromHeader, ignoreDots, queue bool
	list, flush, aliases, help    bool
	sender                        string // "<>" the null sender, "" not given
	name, dsn                     string
	to                            []string
}

// sendmailArgs reads the traditional command line: letters in clusters, options
// and recipients in any order, -- before recipients that look like options.
func (a *app) sendmailArgs(args []string) (sendmailOptions, error) {
	var o sendmailOptions
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		var err error
		switch {
		case arg == "--":
			o.to = append(o.to, args...)
			return o, nil
		case strings.HasPrefix(arg, "--"):
			args, err = a.globalArg(&o, arg, args)
		case len(arg) < 2 || arg[0] != '-':
			o.to = append(o.to, arg)
		default:
			args, err = o.cluster(a, arg[1:], args)
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

// The letters of sendmail's options, those of Postfix and of Sendmail 8 alike.
const (
	lettersAlone  = "GITUcimnstvx"
	lettersValued = "ABCDFLMNOQRVXbefhopr" // the value sticks to the letter or follows it
)

// cluster reads the letters of one argument and returns what is left of args.
func (o *sendmailOptions) cluster(a *app, letters string, args []string) ([]string, error) {
	for letters != "" {
		c := letters[0]
		letters = letters[1:]
		switch {
		case strings.IndexByte(lettersAlone, c) >= 0:
			o.alone(a, c)
		case c == 'q':
			return args, o.run(letters)
		case c == 'd': // debugging, with a level or without
			return args, nil
		case strings.IndexByte(lettersValued, c) >= 0:
			if letters == "" {
				if len(args) == 0 {
					return nil, usagef("sendmail: -%c wants a value", c)
				}
				letters, args = args[0], args[1:]
			}
			return args, o.valued(a, c, letters)
		default:
			return nil, usagef("sendmail: option -%s is not known (see: mua sendmail --help)", string(rune(c)))
		}
	}
	return args, nil
}

func (o *sendmailOptions) alone(a *app, c byte) {
	switch c {
	case 't':
		o.fromHeader = true
	case 'i':
		o.ignoreDots = true
	case 'I':
		o.aliases = true
	case 'v':
		a.verbose = true
	}
}

func (o *sendmailOptions) valued(a *app, c byte, v string) error {
	switch c {
	case 'f', 'r':
		if o.sender = v; strings.TrimSpace(v) == "" {
			o.sender = "<>"
		}
	case 'F':
		o.name = v
	case 'b':
		return o.mode(v)
	case 'o':
		if v != "" {
			o.option(map[byte]string{'i': "ignoredots", 'd': "deliverymode"}[v[0]], v[1:])
		}
	case 'O':
		name, value, _ := strings.Cut(v, "=")
		o.option(strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value))
	case 'N':
		dsn, err := notify(v)
		if err != nil {
			a.talk("sendmail: -N %s is not known, so no reports are asked for", v)
		}
		o.dsn = dsn
	case 'A':
		if v != "m" && v != "c" { // the choice between sendmail.cf and submit.cf
			a.accountArg = v
		}
	}
	return nil
}

// option reads one of sendmail's long options by its name in lower case; most mean nothing here.
func (o *sendmailOptions) option(name, value string) {
	initial := strings.ToLower(value + " ")[:1]
	switch name {
	case "ignoredots":
		o.ignoreDots = initial != "f" && initial != "n" // true where nothing is said
	case "deliverymode":
		o.queue = initial == "q" || initial == "d"
	}
}

func (o *sendmailOptions) mode(v string) error {
	switch v {
	case "m":
	case "p":
		o.list = true
	case "i":
		o.aliases = true
	case "s":
		return usagef("sendmail: -bs (SMTP on stdin) is not offered: give the message on stdin, and the recipients as arguments or with -t")
	case "d", "D":
		return usagef("sendmail: -b%s (a daemon) is not offered: mua service install has the queue sent", v)
	default:
		return usagef("sendmail: mode -b%s is not offered, only -bm, -bp and -bi", v)
	}
	return nil
}

// run reads what -q is given: nothing, or f for a run in the foreground.
func (o *sendmailOptions) run(v string) error {
	switch {
	case v == "" || v == "f":
		o.flush = true
		return nil
	case v[0] >= '0' && v[0] <= '9':
		return usagef("sendmail: -q%s (a daemon) is not offered: mua service install has the queue sent", v)
	}
	return usagef("sendmail: -q%s (a part of the queue) is not offered: mua outbox --help", v)
}

// globalArg reads mua's own long flags, which keep their meaning here.
func (a *app) globalArg(o *sendmailOptions, arg string, args []string) ([]string, error) {
	name, value, has := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
	switch name {
	case "help":
		o.help = true
	case "json":
		a.json = true
	case "quiet":
		a.quiet = true
	case "verbose":
		a.verbose = true
	case "no-color":
		a.noColor = true
	case "config", "data", "account":
		if !has {
			if len(args) == 0 {
				return nil, usagef("sendmail: %s wants a value", arg)
			}
			value, args = args[0], args[1:]
		}
		*map[string]*string{"config": &a.configPath, "data": &a.dataDir, "account": &a.accountArg}[name] = value
	default:
		return nil, usagef("sendmail: option %s is not known (see: mua sendmail --help)", arg)
	}
	return args, nil
}
