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
	// patience is how long an attempt keeps others waiting for what comes of
	// the credentials: one that hangs must not stop them all.
	patience = 5 * time.Second

	// maxSigned bounds how many attempts are under way with one access key at
	// a time: should all of them be refused together, because the clock jumped
	// or the key was revoked, it is not locked yet.
	maxSigned = 5

	// maxUnclear bounds how many refusals in a row are borne that don't say
	// what they are about.
	maxUnclear = 3

	// maxGates bounds how many credentials are remembered. Few are in use at
	// a time, and those that were renewed never come back.
	maxGates = 16
)

// gates are the gates of all credentials that were sent.
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

// gate lets the attempts with some credentials through one at a time until it
// is known what becomes of them: more than five failures in a row lock an
// access key, for everyone who uses it. Once they are taken it stands open, and
// once they are refused it is closed for good.
type gate struct {
	lone  chan struct{} // is held by the attempt that goes alone
	slots chan struct{} // has one for each attempt under way; nil for a token

	unclear atomic.Int32 // refusals in a row that say nothing certain

	once    sync.Once
	settled chan struct{} // is closed when it is known
	refusal atomic.Pointer[Response]
}

func newGate(c Credentials) *gate {
	g := &gate{lone: make(chan struct{}, 1), settled: make(chan struct{})}
	if c.Token == "" {
		g.slots = make(chan struct{}, maxSigned)
	}
	return g
}

// enter waits until an attempt may be sent, or returns the answer that it would
// get. Whoever may send calls leave afterwards.
func (g *gate) enter(ctx context.Context) (leave func(), refusal *Response, err error) {
	if g == nil { // nothing is known of no credentials
		return func() {}, nil, nil
	}
	if g.slots != nil {
		select {
		case g.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
	free, refusal, err := g.alone(ctx)
	if g.slots == nil {
		return free, refusal, err
	}
	if err != nil {
		<-g.slots
		return nil, nil, err
	}
	return func() { free(); <-g.slots }, refusal, nil
}

// alone waits for the others until it is known what becomes of the credentials.
func (g *gate) alone(ctx context.Context) (leave func(), refusal *Response, err error) {
	if g.known() {
		return func() {}, g.refusal.Load(), nil
	}
	select {
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	case <-g.settled:
		return func() {}, g.refusal.Load(), nil
	case g.lone <- struct{}{}:
	}
	free := sync.OnceFunc(func() { <-g.lone })
	if g.known() { // select takes any that is ready
		free()
		return func() {}, g.refusal.Load(), nil
	}
	impatience := time.AfterFunc(patience, free)
	return func() { impatience.Stop(); free() }, nil, nil
}

// learn takes what an answer says of the credentials.
func (g *gate) learn(judged Judgement, status int, shown func() *Response) {
	switch {
	case g == nil:
	case judged.Refused || judged.Expired: // the next ones would be, too
		g.shut(shown())
	case status == http.StatusUnauthorized && !judged.Unproven:
		if g.unclear.Add(1) >= maxUnclear {
			g.shut(shown())
		}
	case taken(status) && !judged.Unproven:
		g.unclear.Store(0)
		g.open()
	}
}

func (g *gate) known() bool {
	select {
	case <-g.settled:
		return true
	default:
		return false
	}
}

// open is called when the credentials were taken. It changes nothing once they
// were refused.
func (g *gate) open() {
	if g != nil {
		g.once.Do(func() { close(g.settled) })
	}
}

// shut is called when the credentials were refused; the first answer stays.
func (g *gate) shut(refusal *Response) {
	if g != nil {
		g.refusal.CompareAndSwap(nil, refusal)
		g.open()
	}
}

// taken tells whether an answer shows that the credentials were looked at and
// taken. What stands before the gateway, or fails in it, shows nothing.
func taken(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	default:
		return status < 300 || status >= 400 && status < 500
	}
}
