package thriftidl

import "strings"

// cleanDoc turns the inside of a doc comment into text as Apache's compiler does: the margin of stars goes if
// every line after the first has it at the same column, then the smallest common indentation, then white space
// at the ends of lines and empty lines at either end.
func cleanDoc(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
	lines[0] = strings.TrimLeft(lines[0], " \t")
	rest := lines[1:]
	for i, line := range rest {
		if strings.Trim(line, " \t") == "" {
			rest[i] = ""
		}
	}
	if at := indentation(rest); at >= 0 && starredAt(rest, at) {
		cut(rest, at+1)
	}
	if at := indentation(rest); at > 0 {
		cut(rest, at)
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// indentation is the smallest of all lines that are not blank, -1 if there is none.
func indentation(lines []string) int {
	least := -1
	for _, line := range lines {
		at := len(line) - len(strings.TrimLeft(line, " \t"))
		if at < len(line) && (least < 0 || at < least) {
			least = at
		}
	}
	return least
}

// starredAt says whether each line that is not empty has its first star at the column.
func starredAt(lines []string, at int) bool {
	for _, line := range lines {
		if line != "" && (len(line) <= at || line[at] != '*' || strings.Trim(line[:at], " \t") != "") {
			return false
		}
	}
	return true
}

// cut takes n bytes off the front of every line.
func cut(lines []string, n int) {
	for i, line := range lines {
		lines[i] = line[min(n, len(line)):]
	}
}
