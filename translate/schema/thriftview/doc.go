// Package thriftview derives the Thrift view of protobuf files: the services and types under which Thrift programs
// call a gRPC service that has no .thrift of its own. docs/mapping.md has the rules.
//
// Derive makes the tree that package thriftidl makes of a .thrift file and says which part of it stands for
// what; Print writes a file as text that Apache's compiler reads. Package schema is the caller. The same files always
// give the same view.
package thriftview
