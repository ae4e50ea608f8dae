package translate_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"weft/translate"
)

// roundTrip translates an order to Thrift and back and compares.
func roundTrip(t *testing.T, m *translate.Method, wire []byte) {
	t.Helper()
	for _, p := range both {
		var there, back translate.Out
		if _, err := m.RequestToThrift(&there, p, wire); err != nil {
			t.Errorf("%s: %x: %v", protocolNames[p], wire, err)
			continue
		}
		if _, _, err := m.RequestToProto(&back, p, there.B); err != nil || !bytes.Equal(back.B, wire) {
			t.Errorf("%s: %x came back as %x, error %v", protocolNames[p], wire, back.B, err)
		}
	}
}

// customer is an order with a customer's name and, behind it, a number of bytes that the name's last word of eight may reach into.
func customer(name string, behind int) []byte {
	b := protowire.AppendString([]byte{2<<3 | 2}, name)
	b = append(b, 5<<3|2, 0) // the address always comes back
	if behind > 0 {
		b = protowire.AppendString(append(b, 10<<3|2), strings.Repeat("\xc3\xa9", behind))
	}
	return b
}

// Texts of all lengths around those of words and of a short copy are copied whole, and each byte of them is looked at.
func TestTextLengths(t *testing.T) {
	var c translate.Compiler
	m, err := c.Compile(orders(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, behind := range []int{0, 1, 4, 20} {
		for n := range 140 {
			name := strings.Repeat("0123456789", 14)[:n]
			if n > 0 { // an empty one is not written on the way back
				roundTrip(t, m, customer(name, behind))
			}
			roundTrip(t, m, customer(name+"é", behind))
			for at := range n {
				bad := name[:at] + "\xff" + name[at+1:]
				for _, p := range both {
					var o translate.Out
					if _, err := m.RequestToThrift(&o, p, customer(bad, behind)); err == nil {
						t.Errorf("%s: no error for %q", protocolNames[p], bad)
					}
				}
			}
		}
	}
}

// Integers of all lengths as varints.
func TestIntegerLengths(t *testing.T) {
	var c translate.Compiler
	m, err := c.Compile(orders(t))
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 64 {
		for _, id := range []uint64{1 << bit, 2<<bit - 1, -(uint64(1) << bit)} {
			b := protowire.AppendVarint([]byte{1 << 3}, id)
			b = append(b, 5<<3|2, 0)
			roundTrip(t, m, b)
			roundTrip(t, m, append(b, customer("", 20)[4:]...))
		}
	}
}

// Maps that are small and those that are not, each with and without a key that comes twice.
func TestMapLengths(t *testing.T) {
	var c translate.Compiler
	m, err := c.Compile(orders(t))
	if err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		b := []byte{5<<3 | 2, 0}
		for i := range n {
			entry := protowire.AppendString([]byte{1<<3 | 2}, fmt.Sprintf("key %d", i))
			entry = protowire.AppendString(append(entry, 2<<3|2), fmt.Sprintf("%0*d", 9*i, i)) // some are longer than 127 bytes
			b = protowire.AppendBytes(append(b, 6<<3|2), entry)
		}
		roundTrip(t, m, b)
		if n == 0 {
			continue
		}
		twice := append(append([]byte(nil), b[:2]...), 6<<3|2, 11, 1<<3|2, 5, 'k', 'e', 'y', ' ', '0', 2<<3|2, 2, 'n', 'o')
		twice = append(twice, b[2:]...)
		for _, p := range both {
			var want, got translate.Out
			if _, err := m.RequestToThrift(&want, p, b); err != nil {
				t.Fatal(err)
			}
			if _, err := m.RequestToThrift(&got, p, twice); err != nil || !bytes.Equal(got.B, want.B) {
				t.Errorf("%s: %d pairs, the first key twice: %x, error %v, want %x", protocolNames[p], n, got.B, err, want.B)
			}
		}
	}
}
