package binding

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/thriftidl"
)

// Links say which parts of a derived view stand for which parts of the IDL that it was derived from. Pairing follows
// them instead of names; what is missing in them has no partner.
type Links struct {
	Services map[*thriftidl.Service]protoreflect.FullName
	Methods  map[*thriftidl.Function]protoreflect.Name
	Fields   map[*thriftidl.Field]protoreflect.FieldNumber
}

// NewLinks returns Links without entries.
func NewLinks() *Links {
	return &Links{
		Services: map[*thriftidl.Service]protoreflect.FullName{},
		Methods:  map[*thriftidl.Function]protoreflect.Name{},
		Fields:   map[*thriftidl.Field]protoreflect.FieldNumber{},
	}
}
