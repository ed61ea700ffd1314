package account

import (
	"fmt"
	"testing"
	"time"
)

// TestKeysAreTold: each key has its words, and the defaults in them are those that hold.
func TestKeysAreTold(t *testing.T) {
	said := map[string]string{}
	for _, k := range Keys() {
		if k.Name == "" || k.Default == "" || k.About == "" {
			t.Errorf("%+v", k)
		}
		said[k.Name] = k.Default
	}
	for name, want := range map[string]string{
		"send_delay":  fmt.Sprintf(`"%ds"`, DefaultSendDelay/time.Second),
		"max_message": fmt.Sprintf(`"%dMiB"`, DefaultMaxMessage>>20),
		"sessions":    fmt.Sprint(DefaultSessions),
	} {
		if said[name] != want {
			t.Errorf("%s: %s, not %s", name, said[name], want)
		}
	}
}
