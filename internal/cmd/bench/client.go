// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

const (
	clientBound = 1.20

	// A block is what is measured as one: long enough to be measured, and
	// short enough for both to have the same conditions.
	blockCalls = 200
)

// client measures one write after another: with the client, and with nothing
// but net/http. Both decode the answer.
func (b *bench) client(ctx context.Context) error {
	api, err := newCloud(ctx, 1, weather{})
	if err != nil {
		return err
	}
	defer api.close()
	app := fmt.Sprintf(appIDFormat, 0)
	wire := transport.New(transport.Config{MaxRetries: sparkrtc.DefaultMaxRetries, UserAgent: "bench"})
	client, err := sparkrtc.New(sparkrtc.Config{
		Endpoint: api.endpoint, Credentials: transport.Credentials{Token: emulator.DefaultToken}, Transport: wire,
	})
	if err != nil {
		return err
	}
	key := authKey
	callback := sparkrtc.RecordCallbackRequest{URL: firstURL, AuthKey: &key}
	body, err := transport.EncodeJSON(callback)
	if err != nil {
		return err
	}
	web := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer web.CloseIdleConnections()

	ways := []struct {
		name string
		call func() error
	}{
		{"UpdateRecordCallback", func() error {
			_, err := client.UpdateRecordCallback(ctx, app, callback)
			return err
		}},
		{"bare PUT", func() error { return barePut(ctx, web, api.endpoint+"/v2/apps/"+app+"/record-callback", body) }},
	}
	blocks := 20 * b.roundsOr(5)
	took := make(map[string][]float64)
	allocated := make(map[string][]float64)
	for block := range blocks + 1 {
		for i := range ways {
			way := ways[(i+block)%len(ways)]
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			for range blockCalls {
				if err := way.call(); err != nil {
					return fmt.Errorf("%s: %w", way.name, err)
				}
			}
			wall := time.Since(start)
			runtime.ReadMemStats(&after)
			if block > 0 { // the first opens the connections
				took[way.name] = append(took[way.name], wall.Seconds()/blockCalls)
				allocated[way.name] = append(allocated[way.name], float64(after.Mallocs-before.Mallocs)/blockCalls)
			}
			if _, err := api.traffic(); err != nil {
				return err
			}
		}
	}
	ratio := ratios(took[ways[0].name], took[ways[1].name])
	t := table{head: []string{"call", "wall", "÷ bare PUT", "allocations, with those of the emulator"}, text: 1}
	for i, way := range ways {
		compared := ""
		if i == 0 {
			compared = ratio.text(times)
		}
		t.add(way.name, spreadOf(took[way.name]).text(micros), compared, spreadOf(allocated[way.name]).text(count))
	}
	b.printf("## Client\n\n%d blocks of %d calls each, in turns. Both have a token, connections that stay open and the same body, and decode the answer. The emulator\nis in the same process, and its time in both.\n\n%s", blocks, blockCalls, &t)
	b.aim(aim{what: "UpdateRecordCallback, ÷ bare PUT", bound: clientBound, format: times, got: ratio})
	return nil
}

// barePut is the least that a write takes.
func barePut(ctx context.Context, web *http.Client, url string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "bench")
	req.Header.Set("X-Auth-Token", emulator.DefaultToken)
	resp, err := web.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var answer struct {
		AppID          string                   `json:"app_id"`
		RecordCallback *sparkrtc.RecordCallback `json:"record_callback"`
	}
	if err := json.Unmarshal(content, &answer); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || answer.RecordCallback == nil {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}
