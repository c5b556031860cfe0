// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"strings"
	"testing"
)

func TestParseEndpoint(t *testing.T) {
	tests := map[string]struct{ want, wrong string }{
		"https://rtc.example.com/":       {want: "https://rtc.example.com"},
		"https://rtc.example.com:8443":   {want: "https://rtc.example.com:8443"},
		"http://127.0.0.1:8089":          {want: "http://127.0.0.1:8089"},
		"http://localhost:8089":          {want: "http://localhost:8089"},
		"http://[::1]:8089":              {want: "http://[::1]:8089"},
		"HTTPS://rtc.example.com":        {want: "https://rtc.example.com"},
		"http://rtc.example.com":         {wrong: "plain http"},
		"http://127.0.0.1.example.com":   {wrong: "plain http"},
		"http://0.0.0.0:1":               {wrong: "plain http"},
		"http://localhost.example.com":   {wrong: "plain http"},
		"rtc.example.com":                {wrong: "not a URL such as https://example.com"},
		"":                               {wrong: "not a URL such as https://example.com"},
		"rtc.example.com:443":            {wrong: "not a URL such as https://example.com"},
		"ftp://rtc.example.com":          {wrong: "scheme"},
		"https://bücher.example":         {wrong: "ASCII"},
		"https://":                       {wrong: "no host"},
		"https://:443":                   {wrong: "no host"},
		"https://u:p@rtc.example.com":    {wrong: "user"},
		"https://rtc.example.com/v2":     {wrong: "scheme and host only, such as https://example.com"},
		"https://rtc.example.com?x=1":    {wrong: "scheme and host only, such as https://example.com"},
		"https://rtc.example.com/#x":     {wrong: "scheme and host only, such as https://example.com"},
		"https://rtc.example.com:notnum": {wrong: "not a URL such as https://example.com"},
	}
	for in, tc := range tests {
		got, err := ParseEndpoint(in, "https://example.com")
		switch {
		case tc.wrong == "" && (err != nil || got.String() != tc.want):
			t.Errorf("ParseEndpoint(%q) = %v, %v, want %q", in, got, err, tc.want)
		case tc.wrong != "" && (err == nil || !strings.Contains(err.Error(), tc.wrong)):
			t.Errorf("ParseEndpoint(%q) = %v, %v, want an error with %q", in, got, err, tc.wrong)
		}
	}
}
