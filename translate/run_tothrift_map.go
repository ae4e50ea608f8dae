package translate

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"math/bits"
)

// mapValue writes a map. Of pairs with equal keys the last one is written, and the count is that of the pairs that
// are.
func (t *toThrift) mapValue(b []byte, v *thriftValue, s slot, depth int) ([]byte, *Error) {
	if depth > MaxDepth {
		return b, errTooDeep()
	}
	mark := len(t.o.scratch.seen)
	dead, live, err := t.duplicates(v, s)
	if err != nil {
		return b, err
	}
	b = appendMapHeader(b, t.compact, v.key.code, v.elem.code, live)
	c := t.first(s)
	for j := 0; ; j++ {
		lo, hi, ok := t.advance(&c)
		if !ok {
			break
		}
		if dead != nil && dead[j>>6]>>(j&63)&1 != 0 {
			continue
		}
		if b, err = t.pair(b, v, lo, hi, j, depth); err != nil {
			return b, err
		}
	}
	t.o.scratch.seen = t.o.scratch.seen[:mark]
	return b, nil
}

// simpleKey says whether a map's keys are scalars or bytes, so that equal ones can be told.
func (v *thriftValue) simpleKey() bool {
	return v.key.op == opScalar || v.key.op == opString || v.key.op == opBytes || v.key.op == opUUID
}

// maxSmallMap is the number of pairs up to which keys are compared one by one.
const maxSmallMap = 8

// smallMap writes a map of few pairs, each as plainEntry has it, that follow each other: the first is src[lo:hi]. It puts the slots of all
// pairs on the stack until it is known that no key comes twice. ok is false, and nothing written, where the map is another one.
func (t *toThrift) smallMap(b []byte, v *thriftValue, tag uint8, lo, hi, end, depth int) (out []byte, next int, ok bool, err *Error) {
	src, sc := t.src[:end], &t.o.scratch
	mark, n := len(sc.slots), 0
	for more := true; more; n++ {
		key, elem, ok := t.plainEntry(v.message, lo, hi)
		if !ok || n == maxSmallMap || t.hasKey(v.key, sc.slots[mark:], &key) {
			sc.slots = sc.slots[:mark]
			return b, lo, false, nil
		}
		sc.slots = append(sc.slots, key, elem)
		if more = hi < len(src) && src[hi] == tag; more {
			var size uint64
			if size, lo = shortUvarint(src, hi+1); lo < 0 || size > uint64(len(src)-lo) {
				sc.slots = sc.slots[:mark]
				return b, lo, false, nil
			}
			hi = lo + int(size)
		}
	}
	b = appendMapHeader(b, t.compact, v.key.code, v.elem.code, n)
	for j := range n {
		key, elem := sc.slots[mark+2*j], sc.slots[mark+2*j+1]
		if b, err = t.value(b, v.key, key, depth); err != nil {
			return b, hi, true, err.at(fmt.Sprintf("[key %d]", j))
		}
		if b, err = t.value(b, v.elem, elem, depth); err != nil {
			return b, hi, true, err.at(t.keyText(v.key, key, j))
		}
	}
	sc.slots = sc.slots[:mark]
	return b, hi, true, nil
}

// hasKey says whether a key is among those of pairs, as a Thrift value. Where it cannot be said in Thrift it does not matter.
func (t *toThrift) hasKey(v *thriftValue, pairs []slot, key *slot) bool {
	for ; len(pairs) >= 2; pairs = pairs[2:] {
		if v.op != opScalar {
			if bytes.Equal(t.src[pairs[0].lo:pairs[0].hi], t.src[key.lo:key.hi]) {
				return true
			}
			continue
		}
		x, err := v.scalar(pairs[0].bits)
		y, err2 := v.scalar(key.bits)
		if err == nil && err2 == nil && x == y {
			return true
		}
	}
	return false
}

// pair writes the key and value of the entry src[lo:hi], which is number j.
func (t *toThrift) pair(b []byte, v *thriftValue, lo, hi, j, depth int) ([]byte, *Error) {
	if key, elem, ok := t.plainEntry(v.message, lo, hi); ok {
		b, err := t.value(b, v.key, key, depth)
		if err != nil {
			return b, err.at(fmt.Sprintf("[key %d]", j))
		}
		if b, err = t.value(b, v.elem, elem, depth); err != nil {
			return b, err.at(t.keyText(v.key, key, j))
		}
		return b, nil
	}
	f := t.open(v.message)
	if err := t.index(v.message, &f, lo, hi); err != nil {
		return b, err.atIndex(j)
	}
	b, err := t.orZero(b, v.message, &f, 0, depth)
	if err != nil {
		return b, err.at(fmt.Sprintf("[key %d]", j))
	}
	if b, err = t.orZero(b, v.message, &f, 1, depth); err != nil {
		key := slot{}
		if f.seen[0]&1 != 0 {
			key = f.slots[0]
		}
		return b, err.at(t.keyText(v.key, key, j))
	}
	t.close(&f)
	return b, nil
}

// plainEntry reads an entry as nearly all writers write it: the key, the value and nothing else.
func (t *toThrift) plainEntry(m *thriftMessage, lo, hi int) (key, elem slot, ok bool) {
	src := t.src[:hi]
	if lo >= hi || src[lo] != m.entry[0] || src[lo] == 0 {
		return key, elem, false
	}
	key, i := t.occurrences(&m.slots[0], uint64(src[lo]), src, lo, lo+1)
	if i < 0 || i >= hi || src[i] != m.entry[1] {
		return key, elem, false
	}
	elem, i = t.occurrences(&m.slots[1], uint64(src[i]), src, i, i+1)
	return key, elem, i == hi
}

// keyText says in an error's path which pair is meant: by its key where that is a string or an integer, else by its number.
func (t *toThrift) keyText(key *thriftValue, s slot, j int) string {
	switch key.op {
	case opString:
		return fmt.Sprintf("[%q]", t.src[s.lo:s.hi])
	case opScalar:
		if x, err := key.scalar(s.bits); err == nil {
			return keyNumber(key.thrift, x)
		}
	}
	return fmt.Sprintf("[#%d]", j)
}

// duplicates finds the pairs that a later one with the same key replaces: dead is the set of their numbers, nil where
// there are none, on the stack of sets. live is the number of the others. Keys that protobuf's maps cannot have (structs,
// containers) are repeated entries there, and pass as they are.
func (t *toThrift) duplicates(v *thriftValue, s slot) (dead []uint64, live int, err *Error) {
	n := int(s.n)
	if n < 2 || !v.simpleKey() {
		return nil, n, nil
	}
	sc := &t.o.scratch
	mark := len(sc.keys)
	var keys []uint64
	sc.keys, keys = push(sc.keys, n)
	if err = t.readKeys(v, s, keys); err != nil {
		return nil, 0, err
	}
	live = n
	kill := func(j int) {
		if dead == nil {
			sc.seen, dead = push(sc.seen, (n+63)/64)
			clear(dead)
		}
		dead[j>>6] |= 1 << (j & 63)
		live--
	}
	if n <= 8 {
		t.compareAll(v.key, keys, kill)
	} else {
		t.compareHashed(v.key, keys, kill)
	}
	sc.keys = sc.keys[:mark]
	return dead, live, nil
}

// readKeys fills keys with each entry's key: the value of a scalar, the place of a string.
func (t *toThrift) readKeys(v *thriftValue, s slot, keys []uint64) *Error {
	unknown := t.unknown
	c := t.first(s)
	for j := range keys {
		lo, hi, _ := t.advance(&c)
		key, _, ok := t.plainEntry(v.message, lo, hi)
		if !ok {
			f := t.open(v.message)
			if err := t.index(v.message, &f, lo, hi); err != nil {
				return err.atIndex(j)
			}
			if key = (slot{}); f.seen[0]&1 != 0 {
				key = f.slots[0]
			}
			t.close(&f)
		}
		keys[j] = uint64(uint32(key.lo))<<32 | uint64(uint32(key.hi))
		if v.key.op == opScalar {
			keys[j] = key.bits
			if x, err := v.key.scalar(key.bits); err == nil { // else the second pass reports it
				keys[j] = x
			}
		}
	}
	t.unknown = unknown // the second pass counts
	return nil
}

func (t *toThrift) keyBytes(key uint64) []byte { return t.src[key>>32 : uint32(key)] }

func (t *toThrift) sameKey(v *thriftValue, a, b uint64) bool {
	return a == b || v.op != opScalar && bytes.Equal(t.keyBytes(a), t.keyBytes(b))
}

// compareAll calls kill for each key that stands again further on; for small maps.
func (t *toThrift) compareAll(v *thriftValue, keys []uint64, kill func(int)) {
	for j, a := range keys {
		for _, b := range keys[j+1:] {
			if t.sameKey(v, a, b) {
				kill(j)
				break
			}
		}
	}
}

// hashSeed makes collisions unpredictable to those who choose the keys.
var (
	hashSeed = maphash.MakeSeed()
	hashMul  = maphash.String(hashSeed, "multiplier") | 1
)

// compareHashed does the same with a hash table of twice the size.
func (t *toThrift) compareHashed(v *thriftValue, keys []uint64, kill func(int)) {
	shift := bits.Len(uint(2*len(keys) - 1))
	sc := &t.o.scratch
	mark := len(sc.table)
	var table []uint32
	sc.table, table = push(sc.table, 1<<shift)
	clear(table)
	for j, key := range keys {
		h := key
		if v.op != opScalar {
			h = maphash.Bytes(hashSeed, t.keyBytes(key))
		}
		hi, lo := bits.Mul64(h^hashMul, hashMul)
		at := (hi ^ lo) & uint64(len(table)-1)
		for table[at] != 0 && !t.sameKey(v, keys[table[at]-1], key) {
			at = (at + 1) & uint64(len(table)-1)
		}
		if table[at] != 0 {
			kill(int(table[at] - 1))
		}
		table[at] = uint32(j + 1)
	}
	sc.table = sc.table[:mark]
}
