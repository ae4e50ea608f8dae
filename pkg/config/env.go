package config

import (
	"errors"
	"fmt"
	"strings"
)

// expand replaces ${NAME} by the environment's value, which is not looked at again, and $$ by a dollar.
func expand(s string, lookup func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(s, "$")
		b.WriteString(text)
		if !found {
			return b.String(), nil
		}
		if after, ok := strings.CutPrefix(rest, "$"); ok {
			b.WriteByte('$')
			s = after
			continue
		}
		inner, ok := strings.CutPrefix(rest, "{")
		if !ok {
			return "", errors.New("a single $: write ${NAME} for the environment, $$ for a dollar")
		}
		name, after, ok := strings.Cut(inner, "}")
		if !ok || !isName(name) {
			return "", errors.New("want ${NAME}, with a name of letters, digits and underscores")
		}
		value, ok := lookup(name)
		if !ok {
			return "", fmt.Errorf("environment variable %s is not set", name)
		}
		b.WriteString(value)
		s = after
	}
}

// isName reports whether s can be the name of an environment variable.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if !(c >= 'a' && c <= 'z' || s[i] == '_' || i > 0 && s[i] >= '0' && s[i] <= '9') {
			return false
		}
	}
	return s != ""
}
