package thriftpeer

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// load fills a value of Apache's generated types from the JSON form of package testpeers' cases.
func load(dst reflect.Value, raw json.RawMessage) error {
	switch dst.Kind() {
	case reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		return load(dst.Elem(), raw)
	case reflect.Bool:
		return json.Unmarshal(raw, dst.Addr().Interface())
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, dst.Type().Bits())
		dst.SetInt(n)
		return err
	case reflect.Float64:
		f, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
		dst.SetFloat(f)
		return err
	case reflect.String:
		var s string
		err := json.Unmarshal(raw, &s)
		dst.SetString(s)
		return err
	case reflect.Slice:
		return loadSlice(dst, raw)
	case reflect.Map:
		return loadMap(dst, raw)
	case reflect.Struct:
		return loadStruct(dst, raw)
	}
	return fmt.Errorf("load a %s", dst.Type())
}

func loadStruct(dst reflect.Value, raw json.RawMessage) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return fmt.Errorf("load a %s: %w", dst.Type(), err)
	}
	for i := range dst.NumField() {
		name := thriftName(dst.Type().Field(i))
		if value, ok := fields[name]; ok {
			if err := load(dst.Field(i), value); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			delete(fields, name)
		}
	}
	if len(fields) > 0 {
		return fmt.Errorf("%s has no fields %q", dst.Type(), slices.Collect(maps.Keys(fields)))
	}
	return nil
}

// thriftName reads the generator's tag. Fields that have no id in the IDL get none.
func thriftName(f reflect.StructField) string {
	if f.Tag == "" {
		return strings.ToLower(f.Name)
	}
	name, _, _ := strings.Cut(f.Tag.Get("thrift"), ",")
	return name
}

func loadSlice(dst reflect.Value, raw json.RawMessage) error {
	if dst.Type().Elem().Kind() == reflect.Uint8 {
		var b []byte
		err := json.Unmarshal(raw, &b)
		dst.SetBytes(b)
		return err
	}
	var elems []json.RawMessage
	if err := json.Unmarshal(unwrap(raw), &elems); err != nil {
		return fmt.Errorf("load a %s: %w", dst.Type(), err)
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(elems), len(elems)))
	for i, elem := range elems {
		if err := load(dst.Index(i), elem); err != nil {
			return err
		}
	}
	return nil
}

func loadMap(dst reflect.Value, raw json.RawMessage) error {
	dst.Set(reflect.MakeMap(dst.Type()))
	raw = unwrap(raw)
	var byName map[string]json.RawMessage
	if json.Unmarshal(raw, &byName) == nil {
		for name, value := range byName {
			key := json.RawMessage(strconv.Quote(name))
			switch dst.Type().Key().Kind() {
			case reflect.Bool:
				key = json.RawMessage(name)
			case reflect.String:
				key, _ = json.Marshal(name)
			}
			if err := put(dst, key, value); err != nil {
				return err
			}
		}
		return nil
	}
	var entries []struct{ Key, Value json.RawMessage }
	if err := json.Unmarshal(raw, &entries); err != nil {
		return fmt.Errorf("load a %s: %w", dst.Type(), err)
	}
	for _, e := range entries {
		if dst.Type().Key().Kind() == reflect.String { // a string key were a map of protobuf: this is binary
			b, err := base64.StdEncoding.DecodeString(strings.Trim(string(e.Key), `"`))
			if err != nil {
				return err
			}
			value := reflect.New(dst.Type().Elem()).Elem()
			if err := load(value, e.Value); err != nil {
				return err
			}
			dst.SetMapIndex(reflect.ValueOf(string(b)), value)
			continue
		}
		if err := put(dst, e.Key, e.Value); err != nil {
			return err
		}
	}
	return nil
}

func put(dst reflect.Value, key, value json.RawMessage) error {
	k, v := reflect.New(dst.Type().Key()).Elem(), reflect.New(dst.Type().Elem()).Elem()
	if err := load(k, key); err != nil {
		return err
	}
	if err := load(v, value); err != nil {
		return err
	}
	dst.SetMapIndex(k, v)
	return nil
}

// unwrap gives X of {"items": X}, and anything else as it is.
func unwrap(raw json.RawMessage) json.RawMessage {
	var w map[string]json.RawMessage
	if json.Unmarshal(raw, &w) == nil && len(w) == 1 && w["items"] != nil {
		return w["items"]
	}
	return raw
}

// text writes a value of generated types in a form that is equal for equal values: pointers are followed, maps are
// sorted, and so are lists where set is true. An absent container equals an empty one.
func text(v reflect.Value, set bool) string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return "absent"
		}
		return text(v.Elem(), set)
	case reflect.Float64:
		return fmt.Sprintf("%x (%v)", math.Float64bits(v.Float()), v.Float())
	case reflect.Slice:
		if b, ok := v.Interface().([]byte); ok {
			return fmt.Sprintf("%x", b)
		}
		var elems []string
		for i := range v.Len() {
			elems = append(elems, text(v.Index(i), set))
		}
		if set {
			slices.Sort(elems)
		}
		return "[" + strings.Join(elems, ", ") + "]"
	case reflect.Map:
		var pairs []string
		for key, value := range v.Seq2() {
			pairs = append(pairs, text(key, set)+": "+text(value, set))
		}
		slices.Sort(pairs)
		return "{" + strings.Join(pairs, ", ") + "}"
	case reflect.Struct:
		var fields []string
		for i := range v.NumField() {
			name := thriftName(v.Type().Field(i))
			fields = append(fields, name+"="+text(v.Field(i), set || strings.HasPrefix(name, "set")))
		}
		return v.Type().Name() + "(" + strings.Join(fields, ", ") + ")"
	case reflect.String:
		return strconv.Quote(v.String())
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64: // enums print names otherwise
		return strconv.FormatInt(v.Int(), 10)
	default:
		return fmt.Sprint(v.Interface())
	}
}
