// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// exclusiveTimeout bounds how long one attempt blocks the others: one that hangs must not stop them all.
	exclusiveTimeout = 5 * time.Second

	// maxSigned attempts under way with one access key don't lock it yet if all are refused.
	maxSigned = 5

	maxUnclassified401s = 3

	// Few credentials are in use at a time, and renewed ones never come back.
	maxGates = 16
)

type gates struct {
	all sync.Map // Credentials → *gate

	mu    sync.Mutex
	order []Credentials // oldest first
}

func (g *gates) of(c Credentials) *gate {
	if found, ok := g.all.Load(c); ok {
		return found.(*gate) //nolint:forcetypeassert // nothing else is stored
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	found, there := g.all.LoadOrStore(c, newGate(c))
	if !there {
		g.order = append(g.order, c)
	}
	if len(g.order) > maxGates {
		g.all.Delete(g.order[0])
		g.order = slices.Delete(g.order, 0, 1)
	}
	return found.(*gate) //nolint:forcetypeassert // see above
}

// gate sends one attempt at a time with unproven credentials: over five failures in a row lock an access key.
type gate struct {
	exclusive chan struct{} // taken by the attempt that is sent alone
	slots     chan struct{} // one for each attempt under way; nil for a token

	unclassified401s atomic.Int32 // in a row

	once    sync.Once
	decided chan struct{} // closed once the credentials are accepted or refused
	refusal atomic.Pointer[Response]
}

func newGate(c Credentials) *gate {
	g := &gate{exclusive: make(chan struct{}, 1), decided: make(chan struct{})}
	if c.Token == "" {
		g.slots = make(chan struct{}, maxSigned)
	}
	return g
}

// enter waits until an attempt may be sent, or returns the refusal that it would get. Call leave afterwards.
func (g *gate) enter(ctx context.Context) (leave func(), refusal *Response, err error) {
	if g == nil { // requests without credentials skip the gate
		return func() {}, nil, nil
	}
	if g.slots != nil {
		select {
		case g.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
	free, refusal, err := g.enterExclusive(ctx)
	if g.slots == nil {
		return free, refusal, err
	}
	if err != nil {
		<-g.slots
		return nil, nil, err
	}
	return func() { free(); <-g.slots }, refusal, nil
}

func (g *gate) enterExclusive(ctx context.Context) (leave func(), refusal *Response, err error) {
	if g.isDecided() {
		return func() {}, g.refusal.Load(), nil
	}
	select {
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	case <-g.decided:
		return func() {}, g.refusal.Load(), nil
	case g.exclusive <- struct{}{}:
	}
	free := sync.OnceFunc(func() { <-g.exclusive })
	if g.isDecided() { // select takes any that is ready
		free()
		return func() {}, g.refusal.Load(), nil
	}
	timer := time.AfterFunc(exclusiveTimeout, free)
	return func() { timer.Stop(); free() }, nil, nil
}

func (g *gate) learn(judged Judgement, status int, masked func() *Response) {
	switch {
	case g == nil:
	case judged.Refused || judged.Expired: // the next ones would be, too
		g.shut(masked())
	case status == http.StatusUnauthorized && !judged.Unproven:
		if g.unclassified401s.Add(1) >= maxUnclassified401s {
			g.shut(masked())
		}
	case accepted(status) && !judged.Unproven:
		g.unclassified401s.Store(0)
		g.open()
	}
}

func (g *gate) isDecided() bool {
	select {
	case <-g.decided:
		return true
	default:
		return false
	}
}

func (g *gate) open() {
	if g != nil {
		g.once.Do(func() { close(g.decided) })
	}
}

func (g *gate) shut(refusal *Response) {
	if g != nil {
		g.refusal.CompareAndSwap(nil, refusal)
		g.open()
	}
}

// Statuses of proxies and of a failing gateway don't show that the credentials were checked.
func accepted(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	default:
		return status < 300 || status >= 400 && status < 500
	}
}
