package grpcpeer_test

import (
	"testing"

	"weft/pkg/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }
