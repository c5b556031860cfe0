// SPDX-License-Identifier: MPL-2.0

// Package acctest has what tests of any object share: an emulator, the real CLI with the real provider, a
// double of Terraform Core that speaks the protocol to a provider in this process, and comparisons of what
// came of it.
package acctest

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// Acceptance skips a test that runs the CLI unless TF_ACC is set.
func Acceptance(t *testing.T) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests are skipped unless TF_ACC is set")
	}
}

// Long skips a test that takes seconds when tests run with -short.
func Long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short")
	}
}

// Live tells whether tests run against the real service (SPARKRTC_ACC_LIVE=1).
func Live() bool { return os.Getenv("SPARKRTC_ACC_LIVE") == "1" }

// TickingClock returns a clock that moves 20 ms with each call, so that no two changes have the same time.
func TickingClock() func() time.Time {
	now := time.Now().Truncate(time.Second)
	return func() time.Time {
		now = now.Add(20 * time.Millisecond)
		return now
	}
}

// HeapInUse returns the bytes in use after garbage collection.
func HeapInUse() uint64 {
	runtime.GC()
	runtime.GC() // pools are emptied by the second one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// ExpectGoroutines waits for up to 10 s until no more than most goroutines run.
func ExpectGoroutines(t *testing.T, most int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		now := runtime.NumGoroutine()
		if now <= most {
			return
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, want at most %d\n%s", now, most, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
