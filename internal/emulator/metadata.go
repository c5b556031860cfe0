// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"net/http"
	"strconv"
	"time"
)

const maxSessionTime = 6 * 60 * 60 // seconds

const metadataKeyLifetime = time.Hour // a guess: the documentation gives none

func (s *Server) createSessionToken(c *call) *response {
	if s.opts.MetadataOff || s.opts.MetadataOldHost {
		return plain(http.StatusNotFound, "404 Not Found")
	}
	seconds, err := strconv.Atoi(c.r.Header.Get("X-Metadata-Token-Ttl-Seconds"))
	if err != nil || seconds < 1 || seconds > maxSessionTime {
		return plain(http.StatusBadRequest, "400 Bad Request")
	}
	c.entry.Authenticated = true
	token := randomHex(24)
	s.sessionTokens[token] = c.now.Add(time.Duration(seconds) * time.Second)
	return plain(http.StatusOK, token)
}

func (s *Server) showSecurityKey(c *call) *response {
	switch {
	case s.opts.MetadataOff:
		return plain(http.StatusNotFound, "404 Not Found")
	case !s.opts.MetadataOldHost && !s.validSession(c.r.Header.Get("X-Metadata-Token"), c.now):
		return plain(http.StatusUnauthorized, "401 Unauthorized")
	}
	c.entry.Authenticated = true
	if s.opts.MetadataNoAgency {
		return plain(http.StatusUnauthorized, "401 Unauthorized\nPlease configure Cloud Service Agency first\n")
	}
	return ok(credential(s.issueKey(metadataKeyLifetime, c.now)))
}

// validSession accepts no session token too, unless the options require one.
func (s *Server) validSession(token string, now time.Time) bool {
	if token == "" {
		return !s.opts.MetadataTokenRequired
	}
	until, found := s.sessionTokens[token]
	return found && now.Before(until)
}
