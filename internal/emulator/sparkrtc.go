// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"net/http"
	"slices"
)

// timeLayout is how SparkRTC and STS write times.
const timeLayout = "2006-01-02T15:04:05.000Z"

// checkSparkRTC checks what all operations of SparkRTC need.
func (s *Server) checkSparkRTC(c *call) *response {
	project := c.r.Header.Get("X-Project-Id")
	if project != "" && project != s.opts.ProjectID || c.token != nil && c.token.projectID != s.opts.ProjectID {
		return c.fail(http.StatusBadRequest, "RTC.00001001",
			"OperationUnauthorized: get DomainID fail please check X-Auth-Token or AK/SK")
	}
	if !isJSON(c.r) {
		return c.fail(http.StatusBadRequest, "RTC.00001002", "MalformedRequestBody: Content-Type is not application/json")
	}
	if slices.Contains(s.opts.Forbidden, c.operation.name) {
		return c.fail(http.StatusBadRequest, "RTC.00001021", "NoPermission")
	}
	return nil
}

func (c *call) notFound() *response {
	return c.fail(http.StatusNotFound, "RTC.00001003", "InvalidParameterValue")
}

func (c *call) invalid() *response {
	return c.fail(http.StatusBadRequest, "RTC.00001003", "InvalidParameterValue")
}

func (c *call) malformed() *response {
	return c.fail(http.StatusBadRequest, "RTC.00001002", "MalformedRequestBody: json parsing failed")
}

func (c *call) missing() *response {
	return c.fail(http.StatusBadRequest, "RTC.00001005", "MissingParameter")
}

func (c *call) deactivated() *response {
	return c.fail(http.StatusBadRequest, "RTC.00001016", "AppDeactivation")
}

func (c *call) ruleExists() *response {
	return c.fail(http.StatusBadRequest, "RTC.00001019", "RecordRuleExist")
}
