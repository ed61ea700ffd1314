package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"mua/outbox/compose"
)

func newResend(a *app) *cobra.Command {
	var f sendFlags
	cmd := &cobra.Command{
		Use:   "resend ID -t TO [flags]",
		Short: "Pass a message on as it is",
		Long: `Resend passes a message on to others as it came (RFC 5322 3.6.6; other clients call it
bounce or redirect): to them it is the author's message, and their answers go to
the author. Fields that say who resent it are put before the others; nothing is
read from stdin. No copy is filed in Sent: mua outbox list --all tells what was resent.
The message is marked forwarded once a server has taken it.`,
		Example: `  mua resend 12 -t bob@example.org
  mua list from:billing -n 100 --json | jq .id | mua resend - -t accounts@example.org`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return a.resend(cmd.Context(), args, f) },
	}
	fl := flagsOf(cmd, &f)
	f.people(fl, "the address that the message was sent to")
	f.sending(fl)
	return cmd
}

func (a *app) resend(ctx context.Context, args []string, f sendFlags) error {
	o, err := f.options(time.Now())
	if err != nil {
		return err
	}
	if len(f.to)+len(f.cc)+len(f.bcc) == 0 {
		return noRecipient()
	}
	return a.eachOriginal(ctx, args, f, func(orig original) error {
		from, acct, err := a.answerAs(orig, f)
		if err != nil {
			return err
		}
		d := &compose.Draft{From: from, Sender: from.Address}
		if err := f.fill(d); err != nil {
			return err
		}
		fin, err := compose.Resend(orig.raw, d, time.Now())
		if err != nil {
			return err
		}
		if f.dryRun {
			return a.printFinished(fin)
		}
		s, err := a.open(ctx)
		if err != nil {
			return err
		}
		fin.Forwards, o.fingerprint = orig.row.ID, resentFingerprint(orig.raw, d)
		return a.spool(ctx, s, acct, fin, o)
	})
}

// resentFingerprint tells whether two resendings with the same key are the same.
func resentFingerprint(raw []byte, d *compose.Draft) string {
	h := sha256.New()
	fmt.Fprintf(h, "resend %q %q %q %q %x", d.From.String(), d.To, d.Cc, d.Bcc, sha256.Sum256(raw))
	return hex.EncodeToString(h.Sum(nil))
}
