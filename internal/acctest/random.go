// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"math/rand/v2"
	"os"
	"strconv"
)

// Seeds returns the seeds that a random test runs: SOAK_HISTORIES of them, or usual, from SOAK_SEED on, or 0.
func Seeds(usual uint64) (from, count uint64) {
	number := func(variable string, usual uint64) uint64 {
		text := os.Getenv(variable)
		if text == "" {
			return usual
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			panic(variable + " is not a number: " + text)
		}
		return n
	}
	return number("SOAK_SEED", 0), number("SOAK_HISTORIES", usual)
}

// Pick returns a random element of a list.
func Pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// Weighted is a choice of a random test.
type Weighted[T any] struct {
	Weight int // relative to the others of the list
	Choice T
}

// PickWeighted returns a random choice of a list, by weight.
func PickWeighted[T any](r *rand.Rand, list []Weighted[T]) T {
	var all []T
	for _, w := range list {
		for range w.Weight {
			all = append(all, w.Choice)
		}
	}
	return Pick(r, all)
}
