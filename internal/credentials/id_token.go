// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Only the signature makes a token secret; IAM stores these claims too.
func describeIDToken(token string) string {
	const malformed = "It does not have the form of a JSON Web Token: three parts with dots between them."
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return malformed
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return malformed
	}
	claims := map[string]any{}
	if json.Unmarshal(payload, &claims) != nil {
		return malformed
	}
	var says []string
	for _, claim := range []struct{ name, called string }{{"iss", "issuer"}, {"aud", "audience"}, {"sub", "subject"}} {
		if value, ok := claims[claim.name]; ok {
			says = append(says, fmt.Sprintf("%s %q", claim.called, fmt.Sprint(value)))
		}
	}
	if until, ok := claims["exp"].(float64); ok {
		says = append(says, "valid until "+time.Unix(int64(until), 0).UTC().Format(time.RFC3339))
	}
	if len(says) == 0 {
		return "The token has no claims that say where it is from."
	}
	return "The token says: " + strings.Join(says, ", ") + "."
}
