package account

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var (
	errDuration = errors.New(`not a duration such as "10s", "90m", "14d", "2w"`)
	errSize     = errors.New(`not a size such as "64MiB", "500KB" or a number of octets`)
)

// ParseDuration reads a duration as the configuration and the command line write it: Go's
// notation, with d (24 h), w (7 d) and y (365 d), and "0". Never negative.
func ParseDuration(s string) (time.Duration, error) {
	rest, total := strings.TrimSpace(s), time.Duration(0)
	if rest == "" {
		return 0, errDuration
	}
	for {
		i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if i <= 0 || rest[i] != 'd' && rest[i] != 'w' && rest[i] != 'y' {
			break
		}
		unit := 24 * time.Hour
		switch rest[i] {
		case 'w':
			unit *= 7
		case 'y':
			unit *= 365
		}
		n, err := strconv.ParseInt(rest[:i], 10, 64)
		if err != nil || n > int64((math.MaxInt64-total)/unit) {
			return 0, errDuration
		}
		total += time.Duration(n) * unit
		rest = rest[i+1:]
	}
	if rest == "" {
		return total, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || d > math.MaxInt64-total || strings.HasPrefix(rest, "-") {
		return 0, errDuration
	}
	return total + d, nil
}

// ParseSize reads a size in octets: a number with KiB, MiB, GiB (also K, M, G) or KB, MB, GB, or
// B or nothing behind it. At least 1.
func ParseSize(s string) (int64, error) {
	s = strings.TrimSpace(s)
	i := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if i < 0 {
		i = len(s)
	}
	unit, ok := map[string]int64{"": 1, "b": 1, "k": 1 << 10, "kib": 1 << 10, "kb": 1e3, "m": 1 << 20, "mib": 1 << 20, "mb": 1e6, "g": 1 << 30, "gib": 1 << 30, "gb": 1e9}[strings.ToLower(strings.TrimSpace(s[i:]))]
	n, err := strconv.ParseInt(s[:i], 10, 64)
	if err != nil || !ok || n < 1 || n > math.MaxInt64/unit {
		return 0, errSize
	}
	return n * unit, nil
}
