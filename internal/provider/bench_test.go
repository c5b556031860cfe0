// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

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
		return objectOf(callbackSchema(), map[string]any{"app_id": fmt.Sprintf("app-%d", app), "url": url, "auth_key": testKey})
	}
	type state struct {
		core    tfCore
		objects []tfObject
	}
	start := func(b *testing.B, with bool) state {
		b.Helper()
		var ids []string
		for i := range apps {
			ids = append(ids, fmt.Sprintf("app-%d", i))
		}
		c := newCloud(b, emulator.Options{}, ids...)
		core, err := newCore(b, c, nil)
		if err != nil {
			b.Fatal(err)
		}
		s := state{core: core}
		for i := range apps {
			object := tfObject{value: nothing()}
			if with {
				plan, err := core.plan(object, config(i, testURL))
				if err == nil {
					object, err = core.apply(plan)
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
			plan, err := s.core.plan(s.objects[i%apps], config(i%apps, testURL))
			if err == nil {
				_, err = s.core.apply(plan)
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
			if _, err := s.core.read(s.objects[i%apps]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("plan of nothing", func(b *testing.B) {
		s := start(b, true)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			plan, err := s.core.plan(s.objects[i%apps], config(i%apps, testURL))
			if err != nil || plan.action != actNothing {
				b.Fatal(plan.action, err)
			}
		}
	})
	b.Run("plan and update", func(b *testing.B) {
		s := start(b, true)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			plan, err := s.core.plan(s.objects[i%apps], config(i%apps, fmt.Sprintf("%s/%d", testURL, i)))
			if err == nil {
				s.objects[i%apps], err = s.core.apply(plan)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
