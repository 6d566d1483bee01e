package mail

// EditKind says what an Edit does.
type EditKind uint8

// The kinds of edit.
const (
	// EditInsert puts a field at Index, counted from 0 at the top.
	EditInsert EditKind = iota + 1
	// EditAppend puts a field at the end of the header.
	EditAppend
	// EditReplace gives the Nth field of that name (1 is the topmost) a new value.
	EditReplace
	// EditRemove takes the Nth field of that name (1 is the topmost) away.
	EditRemove
)

// Edit is one change to the header that a filter or a verdict asks for. N
// counts the fields as they came, before any edit: whoever applies edits takes
// care that removing one does not move the others.
type Edit struct {
	Kind  EditKind
	Name  string
	Value string // without the space after the colon; one line or folded with CRLF and white space; never other control characters
	Index int    // EditInsert
	N     int    // EditReplace, EditRemove
}
