package policy_test

import (
	"testing"
	"time"

	"weft/pkg/leakcheck"
	"weft/pkg/policy"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestDefault(t *testing.T) {
	t.Parallel()
	p := policy.Default()
	if p.Timeout != 15*time.Second || p.ConnectTimeout != time.Second || p.IdleTimeout != 5*time.Minute ||
		p.Ordering != policy.PerConnection || len(p.Idempotent) != 0 || p.MaxPending != 1024 {
		t.Errorf("the default policy is %+v", p)
	}
}

func TestOrdering(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"connection", "none"} {
		if o, err := policy.ParseOrdering(word); err != nil || o.String() != word {
			t.Errorf("ParseOrdering(%q) = %v, %v", word, o, err)
		}
	}
	const want = `unknown ordering "strict": want connection or none`
	if _, err := policy.ParseOrdering("strict"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestIsIdempotent(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		list   []string
		method string
		want   bool
	}{
		{"nothing is by default", nil, "get", false},
		{"listed", []string{"list", "get"}, "get", true},
		{"another", []string{"list"}, "get", false},
		{"all", []string{"*"}, "get", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := policy.Policy{Idempotent: c.list}
			if got := p.IsIdempotent(c.method); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
