package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// DefaultPath is the main file where none is named.
const DefaultPath = "/etc/postern/postern.yaml"

const (
	confFolder = "conf.d"
	maxFiles   = 1000 // in conf.d
)

// Find names the main file: the one given as a flag, else POSTERN_CONFIG, else
// DefaultPath if it is there, else none ("").
func Find(flag string, environ []string) string {
	if flag != "" {
		return flag
	}
	for _, kv := range slices.Backward(environ) {
		if path, ok := strings.CutPrefix(kv, "POSTERN_CONFIG="); ok && path != "" {
			return path
		}
	}
	if _, err := os.Stat(DefaultPath); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return DefaultPath
}

// source is one file of the configuration.
type source struct {
	file string
	data []byte
}

// readFiles reads the main file and conf.d/*.yaml beside it, in the order of strength.
func readFiles(path string) ([]source, Faults) {
	if path == "" {
		return nil, nil
	}
	var sources []source
	var faults Faults
	parts, err := confFiles(path)
	if err != nil {
		faults = append(faults, Fault{Message: err.Error()})
	}
	for _, file := range append([]string{path}, parts...) {
		data, err := readBounded(file, maxFile)
		if err != nil {
			faults = append(faults, Fault{Origin: Origin{File: file}, Message: err.Error()})
			continue
		}
		sources = append(sources, source{file, data})
	}
	return sources, faults
}

// confFiles lists conf.d/*.yaml in name order. Hidden files, which editors leave, do not count.
func confFiles(path string) ([]string, error) {
	folder := filepath.Join(filepath.Dir(path), confFolder)
	entries, err := os.ReadDir(folder) // sorted by name
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && isConfFile(e.Name()) {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	if len(files) > maxFiles {
		return nil, fmt.Errorf("more than %d files in %q", maxFiles, folder)
	}
	return files, nil
}

func isConfFile(name string) bool {
	return strings.HasSuffix(name, ".yaml") && !strings.HasPrefix(name, ".")
}

// readBounded reads a regular file of at most max bytes.
func readBounded(file string, limit int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, short(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, short(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, short(err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("larger than %s", Size(limit))
	}
	return data, nil
}

// short leaves the file's name out of an error: the fault names it already.
func short(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
