// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/cmd/cli"
)

const (
	startupBound = 1.10
	sizeBound    = 20e6
)

// size measures the binaries, stripped as those of a release.
func (b *bench) size(context.Context) error {
	t := table{head: []string{"binary", "size"}, text: 1}
	for _, one := range []struct{ name, binary string }{{ours.name, oursBinary}, {floor.name, floorBinary}} {
		info, err := os.Stat(b.built[one.binary])
		if err != nil {
			return err
		}
		t.add(one.name, fmt.Sprintf("%s (%d bytes)", megas(float64(info.Size())), info.Size()))
		if one.binary == oursBinary {
			b.aim(aim{what: "stripped binary", bound: sizeBound, format: megas, got: spreadOf([]float64{float64(info.Size())})})
		}
	}
	b.printf("## Size\n\nOf the stripped binaries (`-trimpath -ldflags '-s -w'`, without cgo).\n\n%s", &t)
	return nil
}

// startup measures the time from the start of a provider's process to the
// answer of its first RPC, as the CLI does both.
func (b *bench) startup(ctx context.Context) error {
	contenders := []struct{ name, binary string }{{ours.name, oursBinary}, {floor.name, floorBinary}}
	walls, cpus := make(map[string][]float64), make(map[string][]float64)
	rounds := 8 * b.roundsOr(5)
	schemas := make(map[string]int)
	for round := range rounds + 1 {
		for i := range contenders {
			one := contenders[(i+round)%len(contenders)]
			s, err := b.start(ctx, b.built[one.binary])
			if err != nil {
				return fmt.Errorf("%s: %w", one.name, err)
			}
			if round > 0 { // the first reads from the disk
				walls[one.name], cpus[one.name] = append(walls[one.name], s.wall.Seconds()), append(cpus[one.name], s.cpu.Seconds())
			}
			schemas[one.name] = s.schema
		}
	}
	ratio := ratios(walls[ours.name], walls[floor.name])
	t := table{head: []string{"provider", "wall", "÷ floor", "CPU", "answer"}, text: 1}
	for _, one := range contenders {
		compared := ""
		if one.name == ours.name {
			compared = ratio.text(times)
		}
		t.add(one.name, spreadOf(walls[one.name]).text(millis), compared, spreadOf(cpus[one.name]).text(millis), kilos(float64(schemas[one.name])))
	}
	b.printf("## Start-up\n\n%d rounds. From the start of the process to the answer of the first RPC, GetProviderSchema: go-plugin's handshake with TLS on both sides,\nas the CLI does it. CPU is that of the process until it has ended.\n\n%s", rounds, &t)
	b.aim(aim{what: "start-up to the first RPC, ÷ floor", bound: startupBound, format: times, got: ratio})
	return nil
}

// started is what a start took.
type started struct {
	wall, cpu time.Duration
	schema    int // the size of the answer
}

func (b *bench) start(ctx context.Context, binary string) (started, error) {
	command := exec.CommandContext(ctx, binary)
	command.Dir, command.Env = b.dir, cli.Environment(os.Environ(), nil)
	begin := time.Now()
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			MagicCookieKey:   "TF_PLUGIN_MAGIC_COOKIE",
			MagicCookieValue: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
		},
		VersionedPlugins: map[int]plugin.PluginSet{6: {"provider": raw{}}},
		Cmd:              command,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		Logger:           hclog.NewNullLogger(),
	})
	defer client.Kill()
	protocol, err := client.Client()
	if err != nil {
		return started{}, err
	}
	dispensed, err := protocol.Dispense("provider")
	if err != nil {
		return started{}, err
	}
	connection, ok := dispensed.(*grpc.ClientConn)
	if !ok {
		return started{}, errors.New("the plugin has no connection")
	}
	var request, answer []byte
	err = connection.Invoke(ctx, "/tfplugin6.Provider/GetProviderSchema", &request, &answer,
		grpc.ForceCodec(codec{}), grpc.MaxCallRecvMsgSize(64<<20))
	wall := time.Since(begin)
	if err != nil {
		return started{}, err
	}
	client.Kill()
	state := command.ProcessState
	if state == nil {
		return started{}, errors.New("the process has not ended")
	}
	return started{wall: wall, cpu: state.UserTime() + state.SystemTime(), schema: len(answer)}, nil
}

// raw is a plugin that is no more than its connection.
type raw struct{ plugin.NetRPCUnsupportedPlugin }

func (raw) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error { return errors.New("not a server") }

func (raw) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return c, nil
}

// codec sends and receives messages as they are on the wire: what is in them is
// of no interest here. An empty one is a request without arguments.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(v any) ([]byte, error) {
	message, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("not a raw message: %T", v)
	}
	return *message, nil
}

func (codec) Unmarshal(data []byte, v any) error {
	message, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("not a raw message: %T", v)
	}
	*message = append([]byte(nil), data...)
	return nil
}
