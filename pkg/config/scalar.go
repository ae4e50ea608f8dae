package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Size is a number of bytes. In the file it is a number with or without a unit: 64KiB, 4MiB, 512.
type Size int64

var units = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// ParseSize reads a size as the file has it: a whole number, then B, KiB, MiB, GiB or nothing.
func ParseSize(s string) (Size, error) {
	number, unit := s, int64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(s, u.name); ok {
			number, unit = strings.TrimRight(rest, " "), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if errors.Is(err, strconv.ErrRange) || err == nil && (n > (1<<63-1)/unit) {
		return 0, fmt.Errorf("%q is too large", s)
	}
	if err != nil || n < 0 || strings.HasPrefix(number, "+") {
		return 0, fmt.Errorf("%q is not a size such as 64KiB or 4MiB", s)
	}
	return Size(n * unit), nil
}

// String gives the size with the largest unit that leaves a whole number.
func (s Size) String() string {
	for _, u := range units {
		if s != 0 && int64(s)%u.bytes == 0 {
			if u.bytes == 1 {
				break
			}
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalText is String.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Secret is a text that is shown nowhere: however it is printed, it is "***" ("" where it is empty). Reveal gives it.
type Secret string

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the text.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString hides the text from %#v.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// Format hides the text from every other verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// MarshalText hides the text from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
