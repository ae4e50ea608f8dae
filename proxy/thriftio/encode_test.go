package thriftio

import (
	"bytes"
	"encoding/hex"
	"testing"

	"weft/translate/thriftwire"
)

func TestAppendEnvelope(t *testing.T) {
	cases := []struct {
		name string
		f    Framing
		h    thriftwire.Header
		want string
	}{
		{"framed binary", Framed, thriftwire.Header{Protocol: bin, Strict: true, Type: thriftwire.Reply, Name: []byte("m"), Seq: -2}, "00000010800100020000000" + "16dfffffffe010203"},
		{"framed compact", Framed, thriftwire.Header{Protocol: comp, Type: thriftwire.Call, Name: []byte("m"), Seq: 1}, "00000008" + "822101016d010203"},
		{"unframed binary", Unframed, thriftwire.Header{Protocol: bin, Strict: true, Type: thriftwire.Call, Name: []byte("m")}, "80010001000000016d00000000010203"},
		{"unframed non-strict", Unframed, thriftwire.Header{Protocol: bin, Type: thriftwire.Call, Name: []byte("m")}, "000000016d0100000000010203"},
	}
	body := []byte{1, 2, 3}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := append(AppendEnvelope([]byte{9}, c.f, c.h, len(body)), body...)[1:]
			if hex.EncodeToString(got) != c.want {
				t.Errorf("got %x, want %s", got, c.want)
			}
			if n := EnvelopeLen(c.f, c.h); n != len(got)-len(body) {
				t.Errorf("EnvelopeLen %d, want %d", n, len(got)-len(body))
			}
			late, start := BeginMessage([]byte{9, 9}, c.f, c.h)
			late = append(late, body...)
			EndMessage(late, c.f, start)
			if !bytes.Equal(late[2:], got) {
				t.Errorf("BeginMessage and EndMessage give %x", late[2:])
			}
		})
	}
}

func TestAppendException(t *testing.T) {
	call := thriftwire.Header{Protocol: bin, Type: thriftwire.Call, Name: []byte("nope"), Seq: 7} // not strict
	b := AppendException(nil, Framed, call, thriftwire.ApplicationException{Type: 1, Text: "Unknown function nope"})
	d := NewDecoder(Limits{})
	defer d.Release()
	msg, n, ok, err := d.Next(b, nil)
	if n != len(b) || !ok || err != nil {
		t.Fatalf("%d %v %v", n, ok, err)
	}
	if h := msg.Header; h.Type != thriftwire.Exception || !h.Strict || h.Seq != 7 || string(h.Name) != "nope" {
		t.Errorf("envelope %+v", h)
	}
	e, err := thriftwire.ReadApplicationException(msg.Body, bin)
	if err != nil || e.Type != 1 || e.Text != "Unknown function nope" {
		t.Errorf("%+v %v", e, err)
	}
}
