// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// What each RPC costs in the provider, one after another, for the profiler:
//
//	go test -run '^$' -bench Protocol -cpuprofile cpu.prof ./internal/provider
//
// The emulator is in this process too: see pprof's -ignore. What users wait for
// is what make bench measures.
func BenchmarkProtocol(b *testing.B) {
	const apps = 100
	config := func(app int, url string) tftypes.Value {
		return acctest.ConfigOf(callbackSchema(), map[string]any{"app_id": fmt.Sprintf("app-%d", app), "url": url, "auth_key": testKey})
	}
	type state struct {
		core    acctest.Resource
		objects []acctest.Object
	}
	start := func(b *testing.B, with bool) state {
		b.Helper()
		var ids []string
		for i := range apps {
			ids = append(ids, fmt.Sprintf("app-%d", i))
		}
		c := acctest.StartEmulator(b, emulator.Options{}, ids...)
		core, err := newCallbacks(b, c)
		if err != nil {
			b.Fatal(err)
		}
		s := state{core: core}
		for i := range apps {
			object := acctest.Object{}
			if with {
				plan, err := core.Plan(object, config(i, testURL))
				if err == nil {
					object, err = core.Apply(plan)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			s.objects = append(s.objects, object)
		}
		return s
	}
	b.Run("plan and create", func(b *testing.B) {
		s := start(b, false)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			plan, err := s.core.Plan(s.objects[i%apps], config(i%apps, testURL))
			if err == nil {
				_, err = s.core.Apply(plan)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) { // by the call of its own
		s := start(b, true)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := s.core.Read(s.objects[i%apps]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("plan of nothing", func(b *testing.B) {
		s := start(b, true)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			plan, err := s.core.Plan(s.objects[i%apps], config(i%apps, testURL))
			if err != nil || plan.Action != acctest.ActionNone {
				b.Fatal(plan.Action, err)
			}
		}
	})
	b.Run("plan and update", func(b *testing.B) {
		s := start(b, true)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			plan, err := s.core.Plan(s.objects[i%apps], config(i%apps, fmt.Sprintf("%s/%d", testURL, i)))
			if err == nil {
				s.objects[i%apps], err = s.core.Apply(plan)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
