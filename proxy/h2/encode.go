package h2

import (
	"bytes"
	"hash/maphash"

	"golang.org/x/net/http2/hpack"
)

// Block is a header block encoded ahead of time, with no reference to the dynamic table, for responses and trailers that are always the same.
type Block []byte

// EncodeBlock encodes fields for use on any connection.
func EncodeBlock(fields ...hpack.HeaderField) Block {
	var e encoder
	e.init(false)
	return bytes.Clone(e.literal(nil, fields))
}

// encoder encodes the header blocks of one connection. Requests use the dynamic table, for fields that come more than once;
// responses and trailers do not, so that they may be encoded before it is known when they leave.
type encoder struct {
	out     bytes.Buffer
	hp      *hpack.Encoder // with the dynamic table
	lit     *hpack.Encoder // without
	resized bool           // the peer has to be told of the table's size before anything else (RFC 7541, 4.2)
	seed    maphash.Seed
	changes uint32                 // insertions and resizings of the table so far, from 1
	sent    *[sentFields]sentField // clients
	dice    uint32
}

// sentField is what is known of a field that was sent. A field has two places that it may be in, by its hash.
type sentField struct {
	mark        uint32 // the rest of the hash
	changes     uint32 // when code was right
	name, value string
	code        [2]byte // the field as it stands in a block
	size        uint8   // of code, 0 without one
}

const (
	sentFields    = 256
	longestCached = 256 // size of a field that is kept
)

// aStatus is encoded in one byte that stands in the static table.
var aStatus = hpack.HeaderField{Name: ":status", Value: "200"}

func (e *encoder) init(client bool) {
	e.hp = hpack.NewEncoder(&e.out)
	e.lit = hpack.NewEncoder(&e.out)
	e.lit.SetMaxDynamicTableSizeLimit(0)
	_ = e.lit.WriteField(aStatus) // takes the announcement of that size, which the peer must not see
	if client {
		e.seed = maphash.MakeSeed()
		e.sent = new([sentFields]sentField)
		e.changes = 1
	}
}

// setTableSize follows SETTINGS_HEADER_TABLE_SIZE of the peer. We never use more than the default.
func (e *encoder) setTableSize(n uint32) {
	if n = min(n, tableSize); n != e.hp.MaxDynamicTableSize() {
		e.hp.SetMaxDynamicTableSize(n)
		e.resized = true
		e.changes++
	}
}

// announce puts the changed size of the table in front of a block, if there is one to tell.
func (e *encoder) announce(blk []byte) []byte {
	if !e.resized {
		return blk
	}
	e.resized = false
	blk = bytes.Clone(blk) // it may lie in out
	e.reset()
	_ = e.hp.WriteField(aStatus)
	e.out.Truncate(e.out.Len() - 1)
	e.out.Write(blk)
	return e.out.Bytes()
}

// literal appends fields to blk without using the dynamic table. The result is valid until the next call.
func (e *encoder) literal(blk Block, fields []hpack.HeaderField) Block {
	e.reset()
	e.out.Write(blk)
	for _, f := range fields {
		f.Sensitive = f.Sensitive || isSecret(f.Name)
		_ = e.lit.WriteField(f)
	}
	return e.out.Bytes()
}

// request encodes fields with the dynamic table. A field gets a place in it when it comes for the second time, so that values
// that differ with each call (deadlines, trace ids) do not drive out those that stay. The result is valid until the next call.
func (e *encoder) request(fields []hpack.HeaderField) []byte {
	announcement := e.announce(nil)
	if announcement == nil {
		e.reset()
	}
	for i := range fields {
		e.field(&fields[i])
	}
	return e.out.Bytes()
}

func (e *encoder) field(f *hpack.HeaderField) {
	if f.Sensitive || isSecret(f.Name) {
		_ = e.lit.WriteField(hpack.HeaderField{Name: f.Name, Value: f.Value, Sensitive: true})
		return
	}
	hash := maphash.String(e.seed, f.Value) ^ maphash.String(e.seed, f.Name)*3
	mark := uint32(hash>>32) | 1
	place := e.place(hash, mark)
	switch {
	case place.mark == mark && e.inUse(place) && place.name == f.Name && place.value == f.Value:
		e.out.Write(place.code[:place.size])
	case e.inUse(place): // and not to be taken by a field that may come only once
		_ = e.lit.WriteField(*f)
	case place.mark != mark || f.Size() > tableSize/4:
		*place = sentField{mark: mark}
		_ = e.lit.WriteField(*f)
	default:
		e.indexed(f, place)
	}
}

// place returns where a field is or may be put.
func (e *encoder) place(hash uint64, mark uint32) *sentField {
	one, other := &e.sent[hash%sentFields], &e.sent[hash/sentFields%sentFields]
	switch {
	case one.mark == mark:
		return one
	case other.mark == mark:
		return other
	case e.inUse(one):
		return other
	case e.inUse(other):
		return one
	}
	e.dice = e.dice*1664525 + 1013904223 // so that two fields do not drive each other out of the same place for ever
	if e.dice>>31 == 0 {
		return one
	}
	return other
}

func (e *encoder) inUse(p *sentField) bool { return p.size > 0 && p.changes == e.changes }

// indexed encodes a field with the dynamic table, and notes what became of it.
func (e *encoder) indexed(f *hpack.HeaderField, place *sentField) {
	start := e.out.Len()
	_ = e.hp.WriteField(*f)
	code := e.out.Bytes()[start:]
	switch {
	case code[0]&0xc0 == 0x40: // it was inserted, which moves the others (RFC 7541, 6.2.1)
		e.changes++
	case code[0]&0x80 != 0 && len(code) <= len(place.code) && f.Size() <= longestCached:
		place.name, place.value, place.changes = f.Name, f.Value, e.changes
		place.size = uint8(copy(place.code[:], code))
	}
}

// reset empties out, and does not keep the room of a rare large block.
func (e *encoder) reset() {
	if e.out.Cap() > leastFrameSize {
		e.out = bytes.Buffer{}
	}
	e.out.Reset()
}

// isSecret reports whether a field must not be in a table that others could probe (RFC 7541, 7.1.3).
func isSecret(name string) bool {
	switch name {
	case "authorization", "proxy-authorization", "cookie", "set-cookie":
		return true
	}
	return false
}
