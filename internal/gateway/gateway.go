// SPDX-License-Identifier: MPL-2.0

// Package gateway reads what all APIs of Huawei Cloud share: error bodies, refusals, server time and quotas.
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

// ServerTime reads "…,server time:20230527T020608Z", or else the Date header; zero if there is neither.
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

// Quota reads "policy user over ratelimit,limit:200,time:5 minute". It returns zero if that is missing or invalid.
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

const year = 366 * 24 * time.Hour // a longer window is invalid
