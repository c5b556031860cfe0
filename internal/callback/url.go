// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/text"
)

var (
	schemeSyntax = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+-]*$`)
	webScheme    = regexp.MustCompile(`(?i)^https?$`)
	webURL       = regexp.MustCompile(`(?i)^https?://`)
	webPrefix    = regexp.MustCompile(`(?i)^/*https?[:/]`)
)

// URLProblem completes a sentence, as in "has no host", and shows no part that may be secret; "" for a valid URL.
func URLProblem(s string) string {
	if s == "" {
		return "is empty"
	}
	if stray, found := text.StrayCharacter(s); found {
		return stray
	}
	if countURLs(s) > 1 {
		return "has two URLs in it; an app has one"
	}
	if invisible, found := text.InvisibleCharacter(s); found {
		return "has " + invisible + " in it"
	}
	scheme, rest, found := strings.Cut(s, "://")
	switch {
	case !found && webPrefix.MatchString(s):
		return "has no host"
	case !found || !schemeSyntax.MatchString(scheme):
		return "has no scheme"
	case !webScheme.MatchString(scheme):
		return fmt.Sprintf("has the scheme %q, which SparkRTC does not call", scheme)
	case webPrefix.MatchString(rest):
		return "has its scheme twice"
	}
	return addressProblem(s)
}

func addressProblem(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return syntaxProblem(err)
	}
	if u.Hostname() == "" {
		return "has no host"
	}
	if strings.HasSuffix(u.Host, ":") {
		return "has a colon after the host, and no port"
	}
	if n, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || n < 1 || n > 65535) {
		return "has a port that is not between 1 and 65535"
	}
	return ""
}

func syntaxProblem(err error) string {
	switch {
	case errors.As(err, new(url.EscapeError)):
		return "has a % that must be escaped: write %25"
	case errors.As(err, new(url.InvalidHostError)):
		return "has a character in its host that is not allowed there"
	default:
		return "has a port that is not a number, or a user or password with a character that must be escaped, such as # / or @"
	}
}

func countURLs(s string) (n int) {
	separates := func(r rune) bool { return strings.ContainsRune(",;|", r) || unicode.IsSpace(r) }
	for _, part := range strings.FieldsFunc(s, separates) {
		if webURL.MatchString(part) {
			n++
		}
	}
	return n
}

// Equivalent compares by RFC 3986, 6.2.2 and 6.2.3: case of scheme and host, "" or "/" as path, default port.
func Equivalent(a, b string) bool { return a == b || normalised(a).String() == normalised(b).String() }

func isPartOfURL(part, whole string) bool {
	p, w := normalised(part), normalised(whole)
	p.User, w.User = nil, nil
	return p.Host == w.Host && strings.HasPrefix(w.String(), strings.TrimSuffix(p.String(), "/"))
}

// A URL of only scheme and host, shown exactly, does not prove that URLs are shown whole.
func isOrigin(s string) bool {
	u := normalised(s)
	return u.User == nil && u.Path == "/" && u.RawQuery == "" && u.Fragment == ""
}

// A text that is no URL becomes Opaque.
func normalised(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return &url.URL{Opaque: s}
	}
	u.Host = strings.ToLower(u.Host) // Parse has lowered the scheme
	u.Host = strings.TrimSuffix(u.Host, map[string]string{"http": ":80", "https": ":443"}[u.Scheme])
	if u.Path == "" {
		u.Path = "/"
	}
	return u
}
