// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"unicode"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/text"
)

// ParseEndpoint accepts https, or http with a loopback address. Its error leaves out the name of the argument.
func ParseEndpoint(s, example string) (*url.URL, error) {
	if stray, found := text.StrayCharacter(s); found {
		return nil, errors.New("it " + stray)
	}
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" || u.Scheme == "" && u.Host == "" {
		return nil, errors.New("it is not a URL such as " + example)
	}
	if u.User != nil {
		return nil, errors.New("it must not contain a user or a password")
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("its scheme must be https, not %q", u.Scheme)
	}
	if wrong := hostFlaw(u); wrong != "" {
		return nil, errors.New(wrong)
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("it must be scheme and host only, such as " + example)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

func hostFlaw(u *url.URL) string {
	switch {
	case u.Hostname() == "":
		return "it has no host"
	case strings.HasSuffix(u.Host, ":"):
		return "it has a colon after the host, and no port"
	case strings.ContainsFunc(u.Host, func(r rune) bool { return r > unicode.MaxASCII }):
		return "its host has to be written in ASCII, as xn--…"
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return "plain http is accepted for a loopback address only, because requests carry credentials: use https"
	default:
		return ""
	}
}

// MayHoldSecret tells whether messages must not show an endpoint, not even its line of the configuration.
func MayHoldSecret(endpoint string) bool { return strings.ContainsAny(endpoint, "@?#") }

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
