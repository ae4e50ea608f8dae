package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// codecCase is one message, direction and protocol of the codec benchmarks, and what their runs say of it.
type codecCase struct {
	name            string // "ToThrift/small/binary"
	weft, generated []float64
	perSecond       []float64 // weft's, MB of Thrift
	allocs          float64   // weft's, of the run with most
}

// codecTable compares both routes of bench/codec by CPU time, from the output of go test -bench.
func codecTable(output string) string {
	var b strings.Builder
	b.WriteString("| message | weft | generated code | generated / weft | weft, Thrift bytes | weft, allocations |\n|---|---|---|---|---|---|\n")
	for _, c := range codecCases(output) {
		if len(c.weft) == 0 || len(c.generated) == 0 {
			continue
		}
		weft, generated := middle(c.weft), middle(c.generated)
		fmt.Fprintf(&b, "| %s | %.0f ns | %.0f ns | %.1f | %.0f MB/s | %.0f |\n", c.name, weft, generated, generated/weft, middle(c.perSecond), c.allocs)
	}
	return b.String()
}

// codecCases collects the lines of a benchmark's output, in their order.
func codecCases(output string) []*codecCase {
	var list []*codecCase
	for line := range strings.Lines(output) {
		fields := strings.Fields(line)
		if len(fields) < 2 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(fields[0], "Benchmark"), "-")
		at := strings.LastIndexByte(name, '/')
		if at < 0 {
			continue
		}
		i := slices.IndexFunc(list, func(c *codecCase) bool { return c.name == name[:at] })
		if i < 0 {
			i = len(list)
			list = append(list, &codecCase{name: name[:at]})
		}
		list[i].add(name[at+1:], fields[2:])
	}
	return list
}

// add enters the figures of one run, each in front of its unit.
func (c *codecCase) add(route string, figures []string) {
	for ; len(figures) >= 2; figures = figures[2:] {
		x, err := strconv.ParseFloat(figures[0], 64)
		if err != nil {
			return
		}
		switch {
		case figures[1] == "cpu-ns/op" && route == "weft":
			c.weft = append(c.weft, x)
		case figures[1] == "cpu-ns/op" && route == "generated":
			c.generated = append(c.generated, x)
		case figures[1] == "MB/cpu-s" && route == "weft":
			c.perSecond = append(c.perSecond, x)
		case figures[1] == "allocs/op" && route == "weft":
			c.allocs = max(c.allocs, x)
		}
	}
}

func middle(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
