// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// In bytes.
const maxFile = 1 << 20

var (
	errDirectory  = errors.New("it is a directory")
	errNotRegular = errors.New("it is not a regular file")
	errMissing    = errors.New("there is no such file")
	errHidden     = errors.New("a folder above it can't be entered")
	errUTF16      = errors.New("it is UTF-16 text, or none at all: save it as UTF-8")
	errTooLarge   = errors.New("it is larger than 1 MiB")
)

// Check first: opening a pipe would block.
func openRegular(path string) (fs.File, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return nil, errMissing
	case errors.Is(err, fs.ErrPermission):
		return nil, errHidden
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errDirectory
	case !info.Mode().IsRegular():
		return nil, errNotRegular
	}
	return os.Open(path) //nolint:gosec // which file is the user's choice
}

func (e Environment) expand(path string) (string, error) {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok || rest != "" && rest[0] != '/' && (e.GOOS != "windows" || rest[0] != '\\') {
		return path, nil
	}
	home, err := e.HomeDir()
	if err != nil {
		return "", fmt.Errorf("the home directory is not known: %w", err)
	}
	if rest == "" {
		return home, nil
	}
	return filepath.Join(home, rest[1:]), nil
}

// ReadFile reads a user's file; the path may begin with ~. Its error has neither content nor path.
func (e Environment) ReadFile(path string) ([]byte, error) {
	full, err := e.expand(path)
	if err != nil {
		return nil, err
	}
	text, _, err := readText(e.Open, full)
	return text, err
}

func readText(open func(string) (fs.File, error), path string) ([]byte, fs.FileMode, error) {
	file, err := open(path)
	if err != nil {
		return nil, 0, bare(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, bare(err)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, 0, bare(err)
	case len(text) > maxFile:
		return nil, 0, errTooLarge
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")), bytes.IndexByte(text, 0) >= 0:
		return nil, 0, errUTF16
	}
	return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), info.Mode(), nil
}

func bare(err error) error {
	var inner *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errMissing
	case errors.As(err, &inner):
		return inner.Err
	default:
		return err
	}
}

func readToken(open func(string) (fs.File, error), shown, path string) (string, error) {
	text, _, err := readText(open, path)
	token := string(bytes.TrimSpace(text))
	if wrong := keyForm.flawOf(token); err == nil && wrong != nil {
		err = errors.New("it " + wrong.text)
	}
	switch {
	case err != nil:
	case token == "":
		err = errors.New("it is empty")
	default:
		return token, nil
	}
	return "", fmt.Errorf("the file %s can't be read as a token: %w", both(shown, path), err)
}

func both(shown, path string) string {
	if shown == path || path == "" {
		return shown
	}
	return shown + " (" + path + ")"
}

type file struct {
	path string // as the user wrote it
	full string
	by   string // what names it or asks for it; "" for a default file

	argument string // the provider's, if that names it

	text []byte
	mode fs.FileMode
}

func (f resolver) read(file *file) ([]finding, error) {
	var err error
	if file.full, err = f.expand(file.path); err == nil {
		file.text, file.mode, err = readText(f.Open, file.full)
	} else if file.by == "" {
		return file.finding(err.Error()), nil
	}
	switch {
	case err == nil:
		return nil, nil
	case file.by == "" && errors.Is(err, errMissing):
		return file.finding("no such file"), nil
	case file.by == "" && errors.Is(err, errHidden):
		return file.finding(err.Error()), nil
	default:
		return nil, file.fault("can't be read: " + err.Error())
	}
}

func (x *file) finding(found string) []finding { return []finding{{what: x.path, found: found}} }

func (x *file) absent(found string) ([]finding, error) {
	if x.by == "" {
		return x.finding(found), nil
	}
	return nil, x.fault(found)
}

func (x *file) fault(what string) error {
	err := &Error{Attribute: x.argument, Summary: "Credentials file can't be used"}
	if x.by != "" {
		err.Detail = fmt.Sprintf("The file %s, asked for by %s, %s.\n\nCorrect the one or the other, or remove what asks for it: other credentials are looked for then.", both(x.path, x.full), x.by, what)
		return err
	}
	err.Detail = fmt.Sprintf("The file %s %s.\n\nIt is looked at because nothing before it has credentials, and skipping it might end in another account than you expect. "+
		"Correct it, move it away, or say which credentials to use, as with %s and %s.", both(x.path, x.full), what, EnvAccessKey, EnvSecretKey)
	return err
}

// Windows has no such mode.
func (f resolver) warnIfShared(c *sourcedSet, x *file) {
	if f.GOOS == "windows" || x.mode&0o004 == 0 || len(c.Secrets()) == 0 {
		return
	}
	c.warnings = append(c.warnings, Warning{
		Summary: "Credentials file can be read by other users",
		Detail:  fmt.Sprintf("The file %s has a secret, and its mode is %04o, so that every user of this machine can read it: chmod 600 %s", both(x.path, x.full), x.mode.Perm(), x.full),
	})
}
