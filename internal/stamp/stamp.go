// Package stamp tells a changed file from an unchanged one without reading it.
package stamp

import (
	"io/fs"
	"os"
)

// Stamp is what is known of a file from outside. The zero Stamp is that of no
// file.
type Stamp struct{ info fs.FileInfo }

// Of looks at a file, through links. The error is that of os.Stat.
func Of(path string) (Stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Stamp{}, err
	}
	return Stamp{info}, nil
}

// Info is what the file system said, nil for no file.
func (s Stamp) Info() fs.FileInfo { return s.info }

// Same tells whether nothing shows that the file was written or replaced, or
// that its rights changed, between the two.
func (s Stamp) Same(t Stamp) bool {
	if s.info == nil || t.info == nil {
		return s.info == nil && t.info == nil
	}
	return os.SameFile(s.info, t.info) && s.info.Size() == t.info.Size() &&
		s.info.Mode() == t.info.Mode() && s.info.ModTime().Equal(t.info.ModTime())
}
