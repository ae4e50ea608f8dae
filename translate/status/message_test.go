package status

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMessage(t *testing.T) {
	cases := []struct{ name, message, value string }{
		{"empty", "", ""},
		{"printable", "no such order: #7 ~!", "no such order: #7 ~!"},
		{"percent", "100%", "100%25"},
		{"control and UTF-8", "a\tb\r\nü€😀\x7f", "a%09b%0D%0A%C3%BC%E2%82%AC%F0%9F%98%80%7F"},
		{"spaces at the ends", " a b ", "%20a b%20"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := string(AppendMessage([]byte("x"), c.message)); got != "x"+c.value {
				t.Errorf("encoded %q, want %q", got[1:], c.value)
			}
			if got := DecodeMessage(c.value); got != c.message {
				t.Errorf("decoded %q, want %q", got, c.message)
			}
		})
	}
	if got := string(AppendMessage(nil, "a\xffb")); got != "a%EF%BF%BDb" {
		t.Errorf("not UTF-8: %q", got)
	}
}

func TestDecodeMessageTolerates(t *testing.T) {
	cases := []struct{ value, want string }{
		{"%", "%"}, {"100%", "100%"}, {"%4", "%4"}, {"%zz", "%zz"}, {"%%41", "%A"}, {"%c3%bc", "ü"}, {"%FF", "\uFFFD"}, {"ü\xff", "ü\uFFFD"}, {"%e", "%e"}, {"%41", "A"},
	}
	for _, c := range cases {
		if got := DecodeMessage(c.value); got != c.want {
			t.Errorf("%q: got %q, want %q", c.value, got, c.want)
		}
	}
}

func TestMessageIsCut(t *testing.T) {
	for _, char := range []string{"a", "ü", "€", "😀"} {
		long := string(AppendMessage(nil, strings.Repeat(char, 100_000)))
		if len(long) > MaxMessage || len(long) < MaxMessage-12 {
			t.Errorf("%s: %d bytes", char, len(long))
		}
		got := DecodeMessage(long)
		if got, ok := strings.CutSuffix(got, "..."); !ok || strings.Trim(got, char) != "" {
			t.Errorf("%s: ends in %q", char, got[len(got)-20:])
		}
	}
	whole := strings.Repeat("a", MaxMessage)
	if got := string(AppendMessage(nil, whole)); got != whole {
		t.Errorf("a message of MaxMessage bytes became one of %d", len(got))
	}
}

func FuzzMessage(f *testing.F) {
	for _, s := range []string{"", "a%", "%C3%BC", "ü\x00\xff", " x ", "\x83\xe2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		decoded := DecodeMessage(s)
		if !utf8.ValidString(decoded) {
			t.Fatalf("%q decodes to %q", s, decoded)
		}
		value := AppendMessage(nil, s)
		for _, c := range value {
			if c < ' ' || c > '~' {
				t.Fatalf("%q encodes to %q", s, value)
			}
		}
		if len(value) < MaxMessage-20 && DecodeMessage(string(value)) != validUTF8(s) {
			t.Fatalf("%q becomes %q becomes %q", s, value, DecodeMessage(string(value)))
		}
	})
}
