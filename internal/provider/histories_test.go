// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
)

// What random histories have in common: steps, and a part of them that fails.

type step[M any] struct {
	what string
	do   func(M) error
}

type steps[M any] []step[M]

func (s steps[M]) String() string {
	var b strings.Builder
	for i, step := range s {
		fmt.Fprintf(&b, "\n%3d. %s", i+1, step.what)
	}
	return b.String()
}

// run takes the steps, with a check after each.
func (s steps[M]) run(m M, check func() error) error {
	for i, step := range s {
		err := step.do(m)
		if err == nil {
			err = check()
		}
		if err != nil {
			return fmt.Errorf("step %d (%s): %w", i+1, step.what, err)
		}
	}
	return nil
}

// shortest leaves out what a failure doesn't need.
func (s steps[M]) shortest(run func(steps[M]) error) steps[M] {
	for i := 0; i < len(s); {
		if fewer := slices.Delete(slices.Clone(s), i, i+1); run(fewer) == nil {
			i++
		} else {
			s, i = fewer, 0
		}
	}
	return s
}

type randomHistory[H any] interface {
	run(t *testing.T) error
	shortest(t *testing.T) H
}

// runHistories runs histories, each of which has its number as the seed, so that one is run again with SOAK_SEED=17
// SOAK_HISTORIES=1.
func runHistories[H randomHistory[H]](t *testing.T, usual uint64, newOne func(seed uint64) H) {
	t.Helper()
	acctest.Long(t)
	from, count := acctest.Seeds(usual)
	for seed := from; seed < from+count; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			h := newOne(seed)
			if err := h.run(t); err != nil {
				short := h.shortest(t)
				t.Errorf("history %d: %v\n%v\n\nThe shortest part of it that fails: %v\n%v", seed, err, h, short.run(t), short)
			}
		})
	}
}
