package thriftpeer

import (
	"context"

	"weft/testpeers/gen/thrift/base"
	"weft/testpeers/gen/thrift/everything"
)

// EchoBool answers value.
func (*Handler) EchoBool(_ context.Context, value bool) (bool, error) {
	return value, nil
}

// EchoI8 answers value.
func (*Handler) EchoI8(_ context.Context, value int8) (int8, error) {
	return value, nil
}

// EchoI16 answers value.
func (*Handler) EchoI16(_ context.Context, value int16) (int16, error) {
	return value, nil
}

// EchoI32 answers value.
func (*Handler) EchoI32(_ context.Context, value int32) (int32, error) {
	return value, nil
}

// EchoI64 answers value.
func (*Handler) EchoI64(_ context.Context, value int64) (int64, error) {
	return value, nil
}

// EchoDouble answers value.
func (*Handler) EchoDouble(_ context.Context, value float64) (float64, error) {
	return value, nil
}

// EchoString answers value.
func (*Handler) EchoString(_ context.Context, value string) (string, error) {
	return value, nil
}

// EchoBinary answers value.
func (*Handler) EchoBinary(_ context.Context, value []byte) ([]byte, error) {
	return value, nil
}

// EchoColor answers value.
func (*Handler) EchoColor(_ context.Context, value everything.Color) (everything.Color, error) {
	return value, nil
}

// EchoMillis answers value.
func (*Handler) EchoMillis(_ context.Context, value everything.Millis) (everything.Millis, error) {
	return value, nil
}

// EchoNames answers value.
func (*Handler) EchoNames(_ context.Context, value everything.Names) (everything.Names, error) {
	return value, nil
}

// EchoScalars answers value.
func (*Handler) EchoScalars(_ context.Context, value *everything.Scalars) (*everything.Scalars, error) {
	return value, nil
}

// EchoOptionalScalars answers value.
func (*Handler) EchoOptionalScalars(_ context.Context, value *everything.OptionalScalars) (*everything.OptionalScalars, error) {
	return value, nil
}

// EchoRequiredScalars answers value.
func (*Handler) EchoRequiredScalars(_ context.Context, value *everything.RequiredScalars) (*everything.RequiredScalars, error) {
	return value, nil
}

// EchoDefaults answers value.
func (*Handler) EchoDefaults(_ context.Context, value *everything.Defaults) (*everything.Defaults, error) {
	return value, nil
}

// EchoTree answers value.
func (*Handler) EchoTree(_ context.Context, value *everything.Tree) (*everything.Tree, error) {
	return value, nil
}

// EchoChoice answers value.
func (*Handler) EchoChoice(_ context.Context, value *everything.Choice) (*everything.Choice, error) {
	return value, nil
}

// EchoLists answers value.
func (*Handler) EchoLists(_ context.Context, value *everything.Lists) (*everything.Lists, error) {
	return value, nil
}

// EchoSets answers value.
func (*Handler) EchoSets(_ context.Context, value *everything.Sets) (*everything.Sets, error) {
	return value, nil
}

// EchoMaps answers value.
func (*Handler) EchoMaps(_ context.Context, value *everything.Maps) (*everything.Maps, error) {
	return value, nil
}

// EchoDeep answers value.
func (*Handler) EchoDeep(_ context.Context, value *everything.Deep) (*everything.Deep, error) {
	return value, nil
}

// EchoImplicit answers value.
func (*Handler) EchoImplicit(_ context.Context, value *everything.Implicit) (*everything.Implicit, error) {
	return value, nil
}

// EchoNamesOfFields answers value.
func (*Handler) EchoNamesOfFields(_ context.Context, value *everything.NamesOfFields) (*everything.NamesOfFields, error) {
	return value, nil
}

// EchoList answers value.
func (*Handler) EchoList(_ context.Context, value []int32) ([]int32, error) {
	return value, nil
}

// EchoPoints answers value.
func (*Handler) EchoPoints(_ context.Context, value []*base.Point) ([]*base.Point, error) {
	return value, nil
}

// EchoSet answers value.
func (*Handler) EchoSet(_ context.Context, value []string) ([]string, error) {
	return value, nil
}

// EchoMap answers value.
func (*Handler) EchoMap(_ context.Context, value map[string]int32) (map[string]int32, error) {
	return value, nil
}

// EchoMapByKey answers value.
func (*Handler) EchoMapByKey(_ context.Context, value map[*everything.Key]*base.Point) (map[*everything.Key]*base.Point, error) {
	return value, nil
}

// EchoMatrix answers value.
func (*Handler) EchoMatrix(_ context.Context, value [][]int32) ([][]int32, error) {
	return value, nil
}

// EchoIndex answers value.
func (*Handler) EchoIndex(_ context.Context, value map[string][]*base.Point) (map[string][]*base.Point, error) {
	return value, nil
}
