package discovery_test

import (
	"testing"

	"weft/discovery"
	"weft/pkg/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestVia(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]discovery.Via{"direct": discovery.Direct, "weft": discovery.Weft} {
		if got, err := discovery.ParseVia(word); got != want || err != nil || got.String() != word {
			t.Errorf("%s gives %v, %v", word, got, err)
		}
	}
	if _, err := discovery.ParseVia("mail"); err == nil || err.Error() != `unknown via "mail": want direct or weft` {
		t.Errorf("error %v", err)
	}
}
