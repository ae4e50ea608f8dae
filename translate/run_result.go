package translate

// noResult is what result returns while neither a value nor an exception has come.
const noResult = -2

// result writes the value or the declared exception of the result struct at the start of the input. exc is -1 for a value.
func (t *toProto) result(b []byte, p *plans) (out []byte, n, exc int, err *Error) {
	exc = noResult
	if p.responseToProto == nil {
		exc = -1
	}
	found, i := false, 0
	for last := int16(0); ; {
		h, next := readHeader(t.src, i, t.compact, last)
		if next < 0 {
			return b, i, exc, errThrift(next)
		}
		if h.code == 0 {
			i = next
			break
		}
		last = h.id
		field, index := p.resultField(h.id)
		known := field != nil && t.accepts(&field.value, h.code, next)
		switch {
		case known && !found:
			found, exc = true, index
			b, i, err = t.resultValue(b, next, &field.value, h.code)
			if err != nil {
				return b, i, exc, err.in(field.name)
			}
		case known:
			if i = t.skip.field(next, h.code, 1); i < 0 {
				return b, next, exc, errThrift(i).in(field.name)
			}
		default:
			if i, err = t.skipped(next, h, notFound, 1); err != nil {
				return b, i, exc, err
			}
		}
	}
	if exc == noResult {
		return b, i, -1, fail(NoResult, "result holds neither a value nor a declared exception")
	}
	return b, i, exc, nil
}

// resultField finds the plan of a field of the result struct, and the exception's index or -1 for the value.
func (p *plans) resultField(id int16) (*protoBody, int) {
	if r := p.responseToProto; r != nil && r.id == id {
		return r, -1
	}
	for i := range p.exceptionsToProto {
		if e := &p.exceptionsToProto[i]; e.id == id {
			return e, i
		}
	}
	return nil, 0
}

func (t *toProto) resultValue(b []byte, i int, v *protoValue, code byte) ([]byte, int, *Error) {
	if v.boolean {
		return t.header(b, i, v, code)
	}
	return t.value(b, i, v, 1)
}
