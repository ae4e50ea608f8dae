package translate

import (
	"fmt"
	"math"
	"strconv"

	"weft/translate/schema"
)

// Seconds that Timestamp (years 1 to 9999) and Duration (10,000 years) may hold, as their .proto files say.
const (
	minTimestamp = -62135596800
	maxTimestamp = 253402300799
	maxDuration  = 315576000000
)

// unitNanos is the length of a unit in nanoseconds.
var unitNanos = [...]int64{schema.Seconds: 1e9, schema.Millis: 1e6, schema.Micros: 1e3, schema.Nanos: 1}

// timeToUnits turns a Timestamp or Duration into a number of units. What is finer than the unit is cut off, towards
// the past in a Timestamp, towards zero in a Duration.
func timeToUnits(o op, unit schema.Unit, seconds, nanos int64) (int64, *Error) {
	if o == opTimestamp {
		if nanos < 0 || nanos > 999_999_999 || seconds < minTimestamp || seconds > maxTimestamp {
			return 0, fail(OutOfRange, "%d seconds and %d nanoseconds are no valid Timestamp", seconds, nanos)
		}
	} else if nanos < -999_999_999 || nanos > 999_999_999 || seconds < -maxDuration || seconds > maxDuration ||
		seconds > 0 && nanos < 0 || seconds < 0 && nanos > 0 {
		return 0, fail(OutOfRange, "%d seconds and %d nanoseconds are no valid Duration", seconds, nanos)
	}
	per := int64(1e9) / unitNanos[unit]
	// Fields of the valid range overflow with nanoseconds only.
	whole := seconds * per
	if seconds > math.MaxInt64/per || seconds < math.MinInt64/per || nanos > 0 && whole > math.MaxInt64-nanos || nanos < 0 && whole < math.MinInt64-nanos {
		return 0, fail(OutOfRange, "%d seconds do not fit an i64 of nanoseconds", seconds)
	}
	return whole + nanos/unitNanos[unit], nil
}

// unitsToTime is the inverse of timeToUnits.
func unitsToTime(o op, unit schema.Unit, x int64) (seconds, nanos int64, err *Error) {
	per := int64(1e9) / unitNanos[unit]
	seconds, nanos = x/per, x%per*unitNanos[unit]
	if o == opTimestamp && nanos < 0 {
		seconds, nanos = seconds-1, nanos+1e9
	}
	if o == opTimestamp && (seconds < minTimestamp || seconds > maxTimestamp) {
		return 0, 0, fail(OutOfRange, "value %d is outside of the years 1 to 9999 that a Timestamp holds", x)
	}
	if o == opDuration && (seconds < -maxDuration || seconds > maxDuration) {
		return 0, 0, fail(OutOfRange, "value %d is beyond the 10000 years that a Duration holds", x)
	}
	return seconds, nanos, nil
}

// appendUUID appends the 16 bytes of a uuid that comes as these bytes or as text.
func appendUUID(b, data []byte, text bool) ([]byte, *Error) {
	if !text {
		if len(data) != 16 {
			return b, fail(OutOfRange, "%d bytes are no uuid; it has 16", len(data))
		}
		return append(b, data...), nil
	}
	if len(data) != 36 {
		return b, errUUIDText()
	}
	for i := 0; i < 36; {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if data[i] != '-' {
				return b, errUUIDText()
			}
			i++
			continue
		}
		hi, lo := hexDigit(data[i]), hexDigit(data[i+1])
		if hi > 15 || lo > 15 {
			return b, errUUIDText()
		}
		b = append(b, hi<<4|lo)
		i += 2
	}
	return b, nil
}

// appendUUIDText appends the canonical form (8-4-4-4-12, lower case) of the 16 bytes in data.
func appendUUIDText(b, data []byte) []byte {
	const digits = "0123456789abcdef"
	for i, c := range data {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
}

func errUUIDText() *Error {
	return fail(OutOfRange, "string is no uuid (8-4-4-4-12 hexadecimal digits)")
}

// hexDigit gives the value of a digit, 255 where c is none.
func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// keyNumber is a scalar map key in an error's path.
func keyNumber(k schema.ThriftKind, x uint64) string {
	switch k {
	case schema.ThriftBool:
		return fmt.Sprintf("[%t]", x != 0)
	case schema.ThriftDouble:
		return "[" + strconv.FormatFloat(math.Float64frombits(x), 'g', -1, 64) + "]"
	}
	return fmt.Sprintf("[%d]", int64(x))
}
