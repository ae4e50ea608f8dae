// Package schema reads the IDL files of a team and says how the Thrift and the gRPC side of every method
// correspond: .thrift (package thriftidl), .proto and descriptor sets, the views that are derived where only
// one side exists, the pairing where both exist, and the binding file for what names cannot tell.
//
// Load is called once per schema when the configuration is read; package translate compiles its result into
// plans. Nothing here runs during a call.
package schema
