// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
)

// fields is a JSON object with case-sensitive names. A value that is missing or of another type is zero.
type fields map[string]any

// Unlike encoding/json, decode takes names only in lower case, as they are documented.
func decode(text []byte, v any) error {
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		return err
	}
	if object == nil {
		return errors.New("the body is null")
	}
	dropOtherNames(object)
	text, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

var lowerCaseName = regexp.MustCompile(`^[a-z0-9_]+$`)

func dropOtherNames(object map[string]any) {
	for name, value := range object {
		if !lowerCaseName.MatchString(name) {
			delete(object, name)
		} else if inner, isObject := value.(map[string]any); isObject {
			dropOtherNames(inner)
		}
	}
}

// parseFields returns nil if the text is no object.
func parseFields(text []byte) fields {
	var f fields
	if err := json.Unmarshal(text, &f); err != nil {
		return nil
	}
	return f
}

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

func (f fields) whole(name string) (int64, bool) {
	n, isNumber := f[name].(float64)
	return int64(n), isNumber && n == math.Trunc(n) && math.Abs(n) < 1<<53
}

// list returns a list of strings, of which a string is a list of one.
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
