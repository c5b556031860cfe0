// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"encoding/json"
	"math"
)

// fields is a JSON object. Its names count letter for letter, as they do not
// in encoding/json's structs. What is missing or of another type is zero.
type fields map[string]any

// parseFields reads an object. It is nil if it can't be read.
func parseFields(text []byte) fields {
	var f fields
	if err := json.Unmarshal(text, &f); err != nil {
		return nil
	}
	return f
}

// at returns an object within, by the names on the way to it.
func (f fields) at(names ...string) fields {
	for _, name := range names {
		f, _ = f[name].(map[string]any)
	}
	return f
}

func (f fields) text(name string) string {
	s, _ := f[name].(string)
	return s
}

// whole returns a whole number, and false if it is something else.
func (f fields) whole(name string) (int64, bool) {
	n, isNumber := f[name].(float64)
	return int64(n), isNumber && n == math.Trunc(n) && math.Abs(n) < 1<<53
}

// list returns the texts of a list, or a text as a list of one; nil if
// anything else is there.
func (f fields) list(name string) []string {
	switch v := f[name].(type) {
	case string:
		return []string{v}
	case []any:
		var texts []string
		for _, element := range v {
			text, isText := element.(string)
			if !isText {
				return nil
			}
			texts = append(texts, text)
		}
		return texts
	default:
		return nil
	}
}
