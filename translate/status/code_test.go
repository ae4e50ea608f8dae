package status

import (
	"testing"

	"google.golang.org/grpc/codes"

	"weft/pkg/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestCodeNames(t *testing.T) {
	for c := codes.OK; c <= codes.Unauthenticated; c++ {
		back, ok := ParseCode(CodeName(c))
		if !ok || back != c {
			t.Errorf("%d is %q is %d", c, CodeName(c), back)
		}
		var own codes.Code // grpc-go knows the same names
		if err := own.UnmarshalJSON([]byte(`"` + CodeName(c) + `"`)); err != nil || own != c {
			t.Errorf("grpc-go reads %q as %v, %v", CodeName(c), own, err)
		}
	}
	for _, c := range []codes.Code{17, 1 << 31, 1<<32 - 1} {
		if CodeName(c) != "UNKNOWN" {
			t.Errorf("%d is %q", c, CodeName(c))
		}
	}
	for _, name := range []string{"", "not_found", "NotFound", "CANCELED"} {
		if _, ok := ParseCode(name); ok {
			t.Errorf("%q is a code", name)
		}
	}
}
