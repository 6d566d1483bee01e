package mail

// String is the address without its display name: local@domain, or the local
// part alone where there is no domain. The local part stands as it is, so the
// result is for showing, not for sending.
func (a Address) String() string {
	if a.Domain == "" {
		return a.Local
	}
	return a.Local + "@" + a.Domain
}
