package status

import (
	"strings"
	"unicode/utf8"
)

// MaxMessage is the longest grpc-message that is written, in bytes of its header form, for the same reason as MaxDetails.
const MaxMessage = 4 << 10

// cut marks a message that did not fit.
const cut = "..."

// AppendMessage appends the value of a grpc-message header: message in UTF-8 with everything but printable ASCII and all
// percent signs percent-encoded (PROTOCOL-HTTP2.md), and a space at either end, where HTTP/2 allows none. What is not UTF-8 is replaced by U+FFFD. A value longer than MaxMessage
// is cut between two characters and ends in "...".
func AppendMessage(dst []byte, message string) []byte {
	start := len(dst)
	fits := start // end of the last character that leaves room for the mark
	for i, r := range message {
		dst = appendRune(dst, r, i == 0 || i == len(message)-1)
		switch n := len(dst) - start; {
		case n > MaxMessage:
			return append(dst[:fits], cut...)
		case n <= MaxMessage-len(cut):
			fits = len(dst)
		}
	}
	return dst
}

func appendRune(dst []byte, r rune, atEnd bool) []byte {
	if r >= ' ' && r <= '~' && r != '%' && !(r == ' ' && atEnd) {
		return append(dst, byte(r))
	}
	var b [utf8.UTFMax]byte
	const digits = "0123456789ABCDEF"
	for _, c := range b[:utf8.EncodeRune(b[:], r)] {
		dst = append(dst, '%', digits[c>>4], digits[c&0x0f])
	}
	return dst
}

// DecodeMessage returns the message of a grpc-message header. What is no valid percent-encoding stays as it is, so that no message is
// lost (PROTOCOL-HTTP2.md); what is not UTF-8 afterwards is replaced by U+FFFD.
func DecodeMessage(value string) string {
	if !strings.Contains(value, "%") {
		return validUTF8(value)
	}
	b := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		if value[i] == '%' && i+2 < len(value) {
			hi, lo := hexDigit(value[i+1]), hexDigit(value[i+2])
			if hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, value[i])
	}
	return validUTF8(string(b))
}

// hexDigit returns the value of a hexadecimal digit, -1 for another character.
func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
