// Package protoview derives the protobuf view of .thrift files: the services and messages under which gRPC programs
// call a Thrift service that has no .proto of its own. docs/mapping.md has the rules.
//
// Derive makes descriptors and says which part of them stands for what; Print writes a file as text that protoc
// reads. Package schema is the caller. The same IDL always gives the same view.
package protoview
