# A message left Junk by a user's hand.
require ["vnd.dovecot.pipe", "copy", "imapsieve", "environment", "variables"];

if environment :matches "imap.mailbox" "*" {
	set "mailbox" "${1}";
}
# Throwing spam away is no opinion, and a folder below Junk is Junk. Add what your users' Trash is called.
if string :matches "${mailbox}" ["Trash", "Trash/*", "Trash.*", "Deleted*", "Bin", "Junk", "Junk/*", "Junk.*"] {
	stop;
}
if environment :matches "imap.user" "*" {
	set "user" "${1}";
}
pipe :copy "postern-learn" ["ham", "${user}"];
