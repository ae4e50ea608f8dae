// Package schema reads the IDL files of a team and says how the Thrift and the gRPC side of every method
// correspond: .thrift (package thriftidl), .proto and descriptor sets, the views that are derived where only
// one side exists, the pairing where both exist, and the binding file for what names cannot tell.
//
// The folders below have one job each: thriftidl parses .thrift files, binding reads the binding file, protoview and thriftview
// derive the side that is missing and print it. What is here reads the files, pairs the two sides (services.go, bodies.go,
// structs.go, fields.go, types.go, in this order) and gives the result in the words of mapping.go. docs/mapping.md has the rules.
//
// Load is called once per schema when the configuration is read; package translate compiles its result into
// plans. Nothing here runs during a call.
package schema
