// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// helpless is an Authenticator that fails.
type helpless struct{ err error }

func (h helpless) Credentials(context.Context) (transport.Credentials, error) {
	return transport.Credentials{}, h.err
}

func TestNoCredentials(t *testing.T) {
	answer := new(transport.AnswerError)
	tests := map[string]struct {
		err   error
		cause error
	}{
		"refused":                   {errors.New("the password is wrong"), nil},
		"an answer of another size": {fmt.Errorf("the password is wrong: %w", answer), answer},
		"a deadline of its own":     {fmt.Errorf("the password is wrong: %w", context.DeadlineExceeded), context.DeadlineExceeded},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, respond(200, okBody))
			client, err := New(Config{
				Endpoint: s.URL, Credentials: helpless{tc.err},
				Transport: transport.New(transport.Config{MaxRetries: 2, RetryWaitMin: time.Millisecond}),
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.ShowRecordCallback(t.Context(), testApp)
			e := asError(t, err)
			if e.Reason != ReasonNoCredentials || e.Message != tc.err.Error() || e.Attempts != 0 || e.StatusCode != 0 || s.calls.Load() != 0 {
				t.Errorf("got %+v after %d calls", e, s.calls.Load())
			}
			if !errors.Is(err, tc.err) || tc.cause != nil && !errors.Is(err, tc.cause) {
				t.Errorf("the cause of %v is lost", err)
			}
		})
	}
}
