// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	algorithm  = "SDK-HMAC-SHA256"
	dateLayout = "20060102T150405Z"

	maxSkew = 15 * time.Minute // of X-Sdk-Date

	signatureFails = "verify aksk signature fail"
)

// verify returns the gateway's message about a wrong signature, or "".
func verify(c *call, auth authorization, opts Options) string {
	header := c.r.Header
	unknown := fmt.Sprintf("Get secretKey failed,ak:%s,err:ak not exist", auth.accessKey)
	securityToken := header.Get("X-Security-Token")
	switch {
	case auth.accessKey != opts.AccessKey:
		return unknown
	case securityToken == "" && opts.SecurityToken != "":
		return unknown // a temporary key is unknown without its token
	case !same(securityToken, opts.SecurityToken):
		return "decrypt token fail"
	}

	canonical, complete := canonicalRequest(c, auth.signed)
	failed := signatureFails + ", canonicalRequest:" + strings.ReplaceAll(canonical, "\n", "|")
	date := header.Get("X-Sdk-Date")
	signedAt, err := time.Parse(dateLayout, date)
	if err != nil || !complete || !slices.Contains(auth.signed, "x-sdk-date") {
		return failed
	}
	if skew := c.now.Sub(signedAt); skew > maxSkew || skew < -maxSkew {
		return fmt.Sprintf("signature expired, signature time:%s,server time:%s", date, c.now.UTC().Format(dateLayout))
	}
	mac := hmac.New(sha256.New, []byte(opts.SecretKey))
	fmt.Fprintf(mac, "%s\n%s\n%s", algorithm, date, hexSHA256([]byte(canonical)))
	if !hmac.Equal(mac.Sum(nil), auth.signature) || !bodyHashMatches(c) {
		return failed
	}
	// Users have met a missing project as a failed signature.
	if c.operation.api == sparkRTC && header.Get("X-Project-Id") == "" {
		return failed
	}
	return ""
}

type authorization struct {
	accessKey string
	signed    []string // names, in lower case and sorted
	signature []byte
}

var authorizationSyntax = regexp.MustCompile(
	`^` + algorithm + ` Access=([^\s,]+), SignedHeaders=([^\s,]+), Signature=([0-9a-f]{64})$`)

func parseAuthorization(values []string) (authorization, bool) {
	if len(values) != 1 {
		return authorization{}, false
	}
	parts := authorizationSyntax.FindStringSubmatch(values[0])
	if parts == nil {
		return authorization{}, false
	}
	signed := strings.Split(parts[2], ";")
	for i, name := range signed {
		if name == "" || name != strings.ToLower(name) || i > 0 && signed[i-1] >= name {
			return authorization{}, false
		}
	}
	signature, err := hex.DecodeString(parts[3])
	return authorization{accessKey: parts[1], signed: signed, signature: signature}, err == nil
}

// canonicalRequest is incomplete if a signed header was not sent exactly once, or path or query can't be decoded.
func canonicalRequest(c *call, names []string) (canonical string, complete bool) {
	complete = true
	var b strings.Builder
	b.WriteString(c.r.Method + "\n")

	for i, segment := range strings.Split(strings.TrimSuffix(c.path, "/"), "/") {
		if i > 0 {
			b.WriteByte('/')
		}
		raw, err := url.PathUnescape(segment)
		if err != nil {
			raw, complete = segment, false
		}
		b.WriteString(escape(raw))
	}
	b.WriteString("/\n")

	query, err := canonicalQuery(c.query)
	complete = complete && err == nil
	b.WriteString(query + "\n")

	for _, name := range names {
		values := c.r.Header.Values(name)
		if name == "host" {
			values = []string{c.r.Host}
		}
		complete = complete && len(values) == 1
		for _, value := range values {
			b.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
		}
	}
	b.WriteString("\n" + strings.Join(names, ";") + "\n")

	hash := c.r.Header.Get("X-Sdk-Content-Sha256")
	if hash == "" {
		hash = hexSHA256(c.body)
	}
	b.WriteString(hash)
	return b.String(), complete
}

func canonicalQuery(raw string) (string, error) {
	var pairs [][2]string
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return "", err
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return "", err
		}
		pairs = append(pairs, [2]string{name, value})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		parts[i] = escape(p[0]) + "=" + escape(p[1])
	}
	return strings.Join(parts, "&"), nil
}

// escape escapes all but letters, digits and "-_.~".
func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// A body that is not JSON may be unsigned.
func bodyHashMatches(c *call) bool {
	switch hash := c.r.Header.Get("X-Sdk-Content-Sha256"); hash {
	case "":
		return true
	case "UNSIGNED-PAYLOAD":
		return !isJSON(c.r)
	default:
		return hash == hexSHA256(c.body)
	}
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func same(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
