// Package e2e has the end-to-end tests: real clients and servers of both protocols with one sidecar or two between them.
// It has no code of its own; nobody imports it.
package e2e
