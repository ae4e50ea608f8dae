package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// table writes a scenario's rows, and the shim's CPU per call as a multiple of weft's.
func table(s scenario, rows []*row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", s.name)
	b.WriteString("| between | CPU per call | calls/s | p50 | p99 |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		cpu := "-"
		if r.pid != 0 {
			low, high := r.bounds()
			cpu = fmt.Sprintf("%.1f us (%.1f to %.1f)", r.cpuPerCall(), low, high)
		}
		fmt.Fprintf(&b, "| %s | %s | %.0f | %s | %s |\n", r.name, cpu,
			median(r.runs, func(m measured) float64 { return m.PerSecond() }),
			micros(median(r.runs, func(m measured) float64 { return float64(m.P50) })),
			micros(median(r.runs, func(m measured) float64 { return float64(m.P99) })))
	}
	weft, shim := find(rows, "weft"), find(rows, "shim")
	if weft != nil && shim != nil {
		fmt.Fprintf(&b, "\nweft / shim: CPU per call %.2f, calls/s %.2f, p50 %.2f, p99 %.2f\n",
			weft.cpuPerCall()/shim.cpuPerCall(),
			ratio(weft, shim, func(m measured) float64 { return m.PerSecond() }),
			ratio(weft, shim, func(m measured) float64 { return float64(m.P50) }),
			ratio(weft, shim, func(m measured) float64 { return float64(m.P99) }))
	}
	b.WriteString("\n")
	return b.String()
}

func find(rows []*row, name string) *row {
	for _, r := range rows {
		if r.name == name {
			return r
		}
	}
	return nil
}

// cpuPerCall of a turn, in microseconds.
func (m measured) cpuPerCall() float64 {
	return float64(m.cpu) / float64(time.Microsecond) / float64(max(m.Calls, 1))
}

func (r *row) cpuPerCall() float64 { return median(r.runs, measured.cpuPerCall) }

func (r *row) bounds() (low, high float64) {
	low, high = r.runs[0].cpuPerCall(), r.runs[0].cpuPerCall()
	for _, m := range r.runs {
		low, high = min(low, m.cpuPerCall()), max(high, m.cpuPerCall())
	}
	return low, high
}

func ratio(a, b *row, of func(measured) float64) float64 {
	return median(a.runs, of) / median(b.runs, of)
}

func median(runs []measured, of func(measured) float64) float64 {
	values := make([]float64, len(runs))
	for i, m := range runs {
		values[i] = of(m)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func micros(nanos float64) string { return fmt.Sprintf("%.0f us", nanos/1000) }
