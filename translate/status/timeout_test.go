package status

import (
	"math"
	"testing"
	"time"
)

func TestParseTimeout(t *testing.T) {
	cases := []struct {
		value string
		want  time.Duration
	}{
		{"1n", 1}, {"2u", 2 * time.Microsecond}, {"3m", 3 * time.Millisecond}, {"4S", 4 * time.Second}, {"5M", 5 * time.Minute}, {"6H", 6 * time.Hour},
		{"99999999m", 99_999_999 * time.Millisecond}, {"0S", 0}, {"00000001S", time.Second},
		{"99999999H", math.MaxInt64}, {"2562047H", 2_562_047 * time.Hour}, {"2562048H", math.MaxInt64},
	}
	for _, c := range cases {
		if got, err := ParseTimeout(c.value); err != nil || got != c.want {
			t.Errorf("%q: got %v, %v; want %v", c.value, got, err, c.want)
		}
	}
	for _, value := range []string{"", "S", "1", "123456789S", "1s", "1h", "-1S", "+1S", "1.5S", " 1S", "1S ", "1 S", "x1S", "1é"} {
		if got, err := ParseTimeout(value); err == nil {
			t.Errorf("%q: got %v", value, got)
		}
	}
}

func TestAppendTimeout(t *testing.T) {
	cases := []struct {
		d    time.Duration
		want string
	}{
		{0, "1n"}, {-time.Second, "1n"}, {math.MinInt64, "1n"}, {1, "1n"}, {99_999_999, "99999999n"}, {100_000_000, "100000u"},
		{100_000_001, "100001u"}, {15 * time.Second, "15000000u"}, {100 * time.Second, "100000m"}, {100*time.Second + 1, "100001m"},
		{28 * time.Hour, "100800S"}, {math.MaxInt64, "2562048H"},
	}
	for _, c := range cases {
		if got := string(AppendTimeout([]byte("x"), c.d)); got != "x"+c.want {
			t.Errorf("%v: got %q, want %q", c.d, got[1:], c.want)
		}
	}
}

func FuzzTimeout(f *testing.F) {
	f.Add("1S", int64(1))
	f.Add("99999999H", int64(math.MaxInt64))
	f.Add("00000000n", int64(100_000_001))
	f.Fuzz(func(t *testing.T, value string, n int64) {
		if d, err := ParseTimeout(value); err == nil && d < 0 {
			t.Fatalf("%q is %v", value, d)
		}
		d := max(time.Duration(n), 1)
		text := string(AppendTimeout(nil, d))
		back, err := ParseTimeout(text)
		if err != nil || back < d || back > d+d/10_000+1 && back != math.MaxInt64 {
			t.Fatalf("%v is written %q, which is %v, %v", d, text, back, err)
		}
	})
}
