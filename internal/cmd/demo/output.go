// SPDX-License-Identifier: MPL-2.0

package main

import (
	"io"
	"os"
	"sync"
)

// output never fails towards its writers: a CLI whose output breaks off dies
// on the spot, where an interrupt lets it end in good order. So the failure is
// reported instead.
type output struct {
	to     io.Writer
	failed func(error)

	mu     sync.Mutex
	broken bool
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken {
		return len(p), nil
	}
	if _, err := o.to.Write(p); err != nil {
		o.broken = true
		o.failed(err)
	}
	return len(p), nil
}

// wantsColor tells whether w is a terminal whose user has nothing against
// colours (https://no-color.org).
func wantsColor(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
