package main

import (
	"strings"
	"testing"
)

func TestCodecTable(t *testing.T) {
	got := codecTable(`goos: linux
BenchmarkToThrift/small/binary/weft-2      	 100	 50.0 ns/op	 200 MB/s	 2000 MB/cpu-s	 40.0 cpu-ns/op	 0 B/op	 0 allocs/op
BenchmarkToThrift/small/binary/weft-2      	 100	 90.0 ns/op	 200 MB/s	 1000 MB/cpu-s	 80.0 cpu-ns/op	 0 B/op	 0 allocs/op
BenchmarkToThrift/small/binary/weft-2      	 100	 50.0 ns/op	 200 MB/s	 1500 MB/cpu-s	 50.0 cpu-ns/op	 0 B/op	 1 allocs/op
BenchmarkToThrift/small/binary/generated-2 	 100	 500 ns/op	 20 MB/s	 10 MB/cpu-s	 450 cpu-ns/op	 9 B/op	 7 allocs/op
BenchmarkToProto/small/binary/weft-2       	 100	 50.0 ns/op	 200 MB/s	 2000 MB/cpu-s	 40.0 cpu-ns/op	 0 B/op	 0 allocs/op
PASS
`)
	if want := "| ToThrift/small/binary | 50 ns | 450 ns | 9.0 | 1500 MB/s | 1 |\n"; !strings.HasSuffix(got, want) || strings.Count(got, "\n") != 3 {
		t.Errorf("%q does not end the table, or it is not of one row:\n%s", want, got)
	}
}
