// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// signingKey is one that is made up, of the kind that releases are signed with.
type signingKey struct {
	home        string
	fingerprint string
}

var fingerprint = regexp.MustCompile(`(?m)^fpr:+([0-9A-F]{40}):`)

// newKey makes a key in a folder of its own, so that no other is touched; none
// if there is no gpg. The agent that gpg leaves running ends with done.
func newKey(ctx context.Context, home string) (key *signingKey, done func(), err error) {
	if path, _ := exec.LookPath("gpg"); path == "" {
		return nil, func() {}, nil
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, nil, err
	}
	key = &signingKey{home: home}
	done = func() {
		// Of this folder only, also if the time is up.
		_, _ = output(context.WithoutCancel(ctx), "", "gpgconf", "--homedir", home, "--kill", "all")
	}
	_, err = key.gpg(ctx, "--quick-generate-key", "--passphrase", "", "Snapshot <snapshot@example.com>", "rsa3072", "sign", "1d")
	if err != nil {
		done()
		return nil, nil, err
	}
	list, err := key.gpg(ctx, "--list-secret-keys", "--with-colons")
	if err != nil {
		done()
		return nil, nil, err
	}
	match := fingerprint.FindStringSubmatch(list)
	if match == nil {
		done()
		return nil, nil, errors.New("gpg lists no key")
	}
	key.fingerprint = match[1]
	return key, done, nil
}

func (k *signingKey) env() []string {
	return []string{"GNUPGHOME=" + k.home, "GPG_FINGERPRINT=" + k.fingerprint, "GPG_PASSPHRASE="}
}

func (k *signingKey) gpg(ctx context.Context, args ...string) (string, error) {
	return output(ctx, "", "gpg", append([]string{"--homedir", k.home, "--batch", "--pinentry-mode", "loopback"}, args...)...)
}

// verify does what a registry does with the sums of a release.
func (k *signingKey) verify(ctx context.Context, sums string) error {
	signature, err := os.ReadFile(sums + ".sig") //nolint:gosec // it was just made
	if err != nil {
		return err
	}
	if bytes.HasPrefix(signature, []byte("-----")) {
		return errors.New("the signature of the sums is armoured")
	}
	packets, err := k.gpg(ctx, "--list-packets", sums+".sig")
	if err != nil {
		return err
	}
	if !strings.Contains(packets, ":signature packet: algo 1,") {
		return fmt.Errorf("the signature of the sums is not an RSA one:\n%s", packets)
	}
	status, err := k.gpg(ctx, "--status-fd", "1", "--verify", sums+".sig", sums)
	if err != nil {
		return err
	}
	if !strings.Contains(status, "[GNUPG:] VALIDSIG "+k.fingerprint) {
		return fmt.Errorf("the signature of the sums is not of the key %s:\n%s", k.fingerprint, status)
	}
	return nil
}
