package status

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// maxTimeoutDigits is the most digits that a grpc-timeout may have (PROTOCOL-HTTP2.md).
const maxTimeoutDigits = 8

// timeoutUnits from fine to coarse.
var timeoutUnits = [...]struct {
	letter byte
	length time.Duration
}{
	{'n', time.Nanosecond}, {'u', time.Microsecond}, {'m', time.Millisecond}, {'S', time.Second}, {'M', time.Minute}, {'H', time.Hour},
}

// ParseTimeout returns the duration of a grpc-timeout header: one to eight digits and a unit. What is longer than a
// Duration can say (292 years) becomes the longest Duration.
func ParseTimeout(value string) (time.Duration, error) {
	digits := len(value) - 1
	if digits < 1 || digits > maxTimeoutDigits {
		return 0, fmt.Errorf("grpc-timeout %.16q: want 1 to %d digits and a unit", value, maxTimeoutDigits)
	}
	n := int64(0)
	for _, c := range []byte(value[:digits]) {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("grpc-timeout %q: not a number", value)
		}
		n = 10*n + int64(c-'0')
	}
	for _, u := range timeoutUnits {
		if u.letter != value[digits] {
			continue
		}
		if n > math.MaxInt64/int64(u.length) {
			return math.MaxInt64, nil
		}
		return time.Duration(n) * u.length, nil
	}
	return 0, fmt.Errorf("grpc-timeout %q: unknown unit, want one of H M S m u n", value)
}

// AppendTimeout appends d as the value of a grpc-timeout header, in the finest unit that takes at most eight digits and rounded
// up. It never says 0, which some servers take for no deadline: what is not positive becomes one nanosecond.
func AppendTimeout(dst []byte, d time.Duration) []byte {
	const most = 99_999_999
	d = max(d, 1)
	for _, u := range timeoutUnits {
		n := d / u.length
		if d%u.length != 0 {
			n++
		}
		if n <= most {
			return append(strconv.AppendInt(dst, int64(n), 10), u.letter)
		}
	}
	return dst // not reached: the longest Duration has 2,562,048 hours
}
