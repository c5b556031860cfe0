// SPDX-License-Identifier: MPL-2.0

package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

const over = "The throttling threshold has been reached: policy user over ratelimit,"

func TestQuota(t *testing.T) {
	none := transport.Quota{}
	tests := map[string]transport.Quota{
		over + "limit:200,time:5 minute":            {Limit: 200, Window: 5 * time.Minute},
		over + "limit:60,time:1 minute":             {Limit: 60, Window: time.Minute},
		over + "limit:2,time:1 second":              {Limit: 2, Window: time.Second},
		over + "limit:2,time:30 seconds":            {Limit: 2, Window: 30 * time.Second},
		over + "limit:1000,time:1 hour":             {Limit: 1000, Window: time.Hour},
		over + "limit:1000,time:2 days":             {Limit: 1000, Window: 48 * time.Hour},
		over + " LIMIT : 60 ,  Time :\t1  Minutes.": {Limit: 60, Window: time.Minute},
		over + "limit:60,time:1minute":              {Limit: 60, Window: time.Minute},
		over + "limit:60,time:minute":               {Limit: 60, Window: time.Minute},

		"":                                                 none,
		"throttled":                                        none,
		over + "limit:60":                                  none,
		over + "limit:,time:1 minute":                      none,
		over + "limit:0,time:1 minute":                     none,
		over + "limit:-5,time:1 minute":                    none,
		over + "limit:60,time:0 minute":                    none,
		over + "limit:60,time:-1 hour":                     none,
		over + "limit:6.5,time:1 hour":                     none,
		over + "limit:60,time:1 month":                     none,
		over + "limit:60,time:1 minutely something":        none,
		over + "limit:99999999999999999999,time:1 minute":  none,
		over + "limit:3000000000,time:1 minute":            none,
		over + "limit:60,time:99999999999999999999 second": none,
		over + "limit:60,time:2000000000 day":              none,
		over + "unlimit:60,time:1 minute":                  none,
		over + "limit:" + strings.Repeat("9", 1000) + ",time:" + strings.Repeat("9", 1000):     none,
		over + "limit:" + strings.Repeat(" ", 100000) + "60,time:1 minute " + over + "limit:7": {Limit: 60, Window: time.Minute},
	}
	for message, want := range tests {
		if got := Quota(message); got != want {
			t.Errorf("%.80q: got %+v, want %+v", message, got, want)
		}
	}
}

func TestServerTime(t *testing.T) {
	named := time.Date(2023, 5, 27, 2, 6, 8, 0, time.UTC)
	date := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	const expired = "Incorrect IAM authentication information: signature expired, signature time:20230527T000431Z,"
	tests := map[string]struct {
		message, date string
		want          time.Time
	}{
		"named":                {expired + "server time:20230527T020608Z", "Tue, 02 Jan 2024 03:04:05 GMT", named},
		"spaced":               {expired + "Server  time : 20230527T020608Z.", "", named},
		"not named":            {"signature expired", "Tue, 02 Jan 2024 03:04:05 GMT", date},
		"no time":              {expired + "server time:20231327T020608Z", "Tue, 02 Jan 2024 03:04:05 GMT", date},
		"nowhere":              {"signature expired", "", time.Time{}},
		"a date that is none":  {"signature expired", "yesterday", time.Time{}},
		"the signature's only": {expired, "", time.Time{}},
		"too short":            {expired + "server time:20230527", "", time.Time{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			if tc.date != "" {
				header.Set("Date", tc.date)
			}
			if got := ServerTime(tc.message, header); !got.Equal(tc.want) || got.IsZero() != tc.want.IsZero() {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// Whatever a message says: what is read of it makes sense, or is nothing.
func FuzzQuota(f *testing.F) {
	for _, s := range []string{
		"limit:200,time:5 minute", "limit:60,time:1 seconds", "limit:1,time:1 day", "limit : 5 , time : 3hours", "limit:0,time:0 minute",
		"limit:-1,time:1 minute", "limit:99999999999999999999,time:1 minute", "limit:1,time:99999999999 day", "limit:60", "time:5 minute", "",
	} {
		f.Add(over + s)
	}
	f.Fuzz(func(t *testing.T, message string) {
		got := Quota(message)
		if got != (transport.Quota{}) && (got.Limit < 1 || got.Window < time.Second || got.Window > year) {
			t.Errorf("%q became %+v", message, got)
		}
	})
}

func FuzzServerTime(f *testing.F) {
	for _, s := range []string{"server time:20230527T020608Z", "server time:99999999T999999Z", "server time:00000101T000000Z", "server time: soon", ""} {
		f.Add("signature expired, signature time:20230527T000431Z,"+s, "Tue, 02 Jan 2024 03:04:05 GMT")
		f.Add(s, "")
		f.Add(s, "Tue, 99 Jan 0000 03:04:05 GMT")
	}
	f.Fuzz(func(t *testing.T, message, date string) {
		got := ServerTime(message, http.Header{"Date": {date}})
		if got.IsZero() {
			return
		}
		if year := got.Year(); year < 0 || year > 9999 || got.Location() != time.UTC {
			t.Errorf("%q and %q became %v", message, date, got)
		}
	})
}
