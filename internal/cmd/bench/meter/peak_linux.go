// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"syscall"
)

// peak is what /proc calls VmHWM while the process lives, as the kernel tells it
// to whoever waits for its end. It is no less than that of the process that
// started it, which the meter is small enough for.
func peak(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return int64(usage.Maxrss) << 10 //nolint:unconvert // an int32 on some platforms
}
