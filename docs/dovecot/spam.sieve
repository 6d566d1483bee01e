# A message came into Junk by a user's hand.
require ["vnd.dovecot.pipe", "copy", "imapsieve", "environment", "variables"];

if environment :matches "imap.user" "*" {
	set "user" "${1}";
}
pipe :copy "postern-learn" ["spam", "${user}"];
