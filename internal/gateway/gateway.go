// SPDX-License-Identifier: MPL-2.0

// Package gateway reads what the API gateway says that stands in front of all
// of Huawei Cloud's APIs, as far as it is the same for all of them and said in
// words only.
package gateway

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

var (
	serverTime = regexp.MustCompile(`(?i)\bserver\s+time\s*:\s*(\d{8}T\d{6}Z)`)
	quota      = regexp.MustCompile(`(?i)\blimit\s*:\s*(\d+)\s*,\s*time\s*:\s*(\d*)\s*(second|minute|hour|day)s?\b`)
)

// ServerTime returns what a gateway takes the time for that refuses the time of
// a signature: "signature expired, …,server time:20230527T020608Z". If the
// message doesn't name it, it is the answer's Date; the zero time if there is
// none either.
func ServerTime(message string, header http.Header) time.Time {
	if found := serverTime.FindStringSubmatch(message); found != nil {
		if t, err := time.Parse("20060102T150405Z", found[1]); err == nil {
			return t
		}
	}
	t, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// Quota returns what a message about throttling names: "policy user over
// ratelimit,limit:200,time:5 minute". It is the zero value if that is not
// there, or makes no sense.
func Quota(message string) transport.Quota {
	found := quota.FindStringSubmatch(message)
	if found == nil {
		return transport.Quota{}
	}
	if found[2] == "" {
		found[2] = "1" // "time:minute"
	}
	limit, err := strconv.ParseInt(found[1], 10, 32)
	if err != nil || limit == 0 {
		return transport.Quota{}
	}
	number, err := strconv.ParseInt(found[2], 10, 32)
	if err != nil || number == 0 {
		return transport.Quota{}
	}
	unit := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[strings.ToLower(found[3])]
	if number > int64(year/unit) {
		return transport.Quota{}
	}
	return transport.Quota{Limit: int(limit), Window: time.Duration(number) * unit}
}

// year is the longest window that makes sense.
const year = 366 * 24 * time.Hour
