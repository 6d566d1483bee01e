package headers

import "github.com/postern-mail/postern/filters"

// The symbols.
const (
	noDate        = "HEADER_NO_DATE"
	noMessageID   = "HEADER_NO_MESSAGE_ID"
	noRecipient   = "HEADER_NO_RECIPIENT"
	noSubject     = "HEADER_NO_SUBJECT"
	repeated      = "HEADER_REPEATED"
	dateMalformed = "HEADER_DATE_MALFORMED"
	dateOdd       = "HEADER_DATE_ODD"
	dateFuture    = "HEADER_DATE_FUTURE"
	datePast      = "HEADER_DATE_PAST"
	idMalformed   = "HEADER_MESSAGE_ID_MALFORMED"
	idLocal       = "HEADER_MESSAGE_ID_LOCAL"
	undisclosed   = "HEADER_UNDISCLOSED"
	toMalformed   = "HEADER_TO_MALFORMED"
	toSelf        = "HEADER_TO_SELF"
	eightBit      = "HEADER_8BIT"
	control       = "HEADER_CONTROL"
	spaceColon    = "HEADER_SPACE_BEFORE_COLON"
	longLine      = "HEADER_LONG_LINE"
	wordUnknown   = "HEADER_CHARSET_UNKNOWN"
	wordWrong     = "HEADER_CHARSET_WRONG"
	forgedHop     = "HEADER_RECEIVED_FORGED"
	template      = "HEADER_TEMPLATE"
	limit         = "HEADER_LIMIT"

	subjectCaps      = "SUBJECT_CAPS"
	subjectMarks     = "SUBJECT_MARKS"
	subjectGap       = "SUBJECT_GAP"
	subjectSpaced    = "SUBJECT_SPACED"
	subjectReply     = "SUBJECT_FAKE_REPLY"
	subjectAddress   = "SUBJECT_ADDRESS"
	subjectEncoded   = "SUBJECT_NEEDLESSLY_ENCODED"
	subjectInvisible = "SUBJECT_INVISIBLE"
	subjectStyled    = "SUBJECT_STYLED"

	bulkList   = "BULK_LIST"
	bulkPrec   = "BULK_PRECEDENCE"
	bulkAuto   = "BULK_AUTO"
	bulkID     = "BULK_FEEDBACK_ID"
	bulkMailer = "BULK_MAILER"
	bulkScript = "BULK_SCRIPT"
)

// The groups of symbols.
const (
	groupHeaders = "headers"
	groupSubject = "subject"
	groupBulk    = "bulk"
)

// symbols: the README argues the scores.
var symbols = []filters.SymbolDoc{
	{Name: noDate, Group: groupHeaders, Score: 1.5, Meaning: "There is no Date."},
	{Name: noMessageID, Group: groupHeaders, Score: 1.5, Meaning: "There is no Message-ID."},
	{Name: noRecipient, Group: groupHeaders, Meaning: "There is no To, Cc or Bcc."},
	{Name: noSubject, Group: groupHeaders, Score: 0.5, Meaning: "There is no Subject, or an empty one."},
	{Name: repeated, Group: groupHeaders, Score: 2, Meaning: "A field that may stand once stands several times (with equal values: 0.3)."},
	{Name: dateMalformed, Group: groupHeaders, Score: 1, Meaning: "The Date is none."},
	{Name: dateOdd, Group: groupHeaders, Score: 0.5, Meaning: "The Date has another day of the week than its own, a zone that is none, or something behind it."},
	{Name: dateFuture, Group: groupHeaders, Score: 2, Meaning: "The Date lies more than 12 hours ahead."},
	{Name: datePast, Group: groupHeaders, Score: 1, Meaning: "The Date lies more than a week back (0.5), or half a year."},
	{Name: idMalformed, Group: groupHeaders, Score: 1, Meaning: "The Message-ID has not the form <left@right>."},
	{Name: idLocal, Group: groupHeaders, Score: 0.2, Meaning: "The right side of the Message-ID is no full domain name."},
	{Name: undisclosed, Group: groupHeaders, Score: 0.5, Meaning: "To names nobody: an empty group or nothing."},
	{Name: toMalformed, Group: groupHeaders, Score: 1, Meaning: "To holds something, but no address."},
	{Name: toSelf, Group: groupHeaders, Score: 0.5, Meaning: "The only address in To is the author's own, and no recipient is."},
	{Name: eightBit, Group: groupHeaders, Score: 0.5, Meaning: "Raw bytes beyond ASCII: no UTF-8, or UTF-8 (0.3) without SMTPUTF8."},
	{Name: control, Group: groupHeaders, Score: 0.8, Meaning: "A control character, NUL, or a bare CR or LF."},
	{Name: spaceColon, Group: groupHeaders, Score: 1, Meaning: "White space stands between a field's name and the colon."},
	{Name: longLine, Group: groupHeaders, Score: 0.2, Meaning: "A line is longer than 998 bytes."},
	{Name: wordUnknown, Group: groupHeaders, Score: 1, Meaning: "An encoded word names a charset that does not exist."},
	{Name: wordWrong, Group: groupHeaders, Score: 0.5, Meaning: "An encoded word is in another charset than it says."},
	{Name: forgedHop, Group: groupHeaders, Score: 2.5, Meaning: "A Received field claims that we took the message, but the next hop did not get it from us."},
	{Name: template, Group: groupHeaders, Score: 2.5, Meaning: "A placeholder of a mailing program was not filled in: [an10], {{name}}, %%TO%%."},
	{Name: limit, Group: groupHeaders, Score: 1, Meaning: "There are more fields, or Received fields, than were looked at."},

	{Name: subjectCaps, Group: groupSubject, Score: 0.7, Meaning: "The subject is in capitals."},
	{Name: subjectMarks, Group: groupSubject, Score: 0.4, Meaning: "The subject shouts: !!, $$, ***."},
	{Name: subjectGap, Group: groupSubject, Score: 1, Meaning: "A wide gap stands in the subject, and more after it."},
	{Name: subjectSpaced, Group: groupSubject, Score: 1.5, Meaning: "A word in the subject is spelt with gaps: F R E E, V.I.A.G.R.A."},
	{Name: subjectReply, Group: groupSubject, Meaning: "The subject says Re:, but the message replies to none."},
	{Name: subjectAddress, Group: groupSubject, Score: 1, Meaning: "The subject holds a recipient's address."},
	{Name: subjectEncoded, Group: groupSubject, Score: 0.5, Meaning: "The subject is encoded in base64 and needs no encoding."},
	{Name: subjectInvisible, Group: groupSubject, Score: 1.5, Meaning: "Characters that are not seen stand in the subject."},
	{Name: subjectStyled, Group: groupSubject, Score: 1.5, Meaning: "Letters of the subject are mathematical or enclosed signs that only look like letters."},

	{Name: bulkList, Group: groupBulk, Meaning: "The message is a mailing list's or tells how to unsubscribe."},
	{Name: bulkPrec, Group: groupBulk, Meaning: "Precedence is bulk, list or junk."},
	{Name: bulkAuto, Group: groupBulk, Meaning: "Auto-Submitted says that no person sent it."},
	{Name: bulkID, Group: groupBulk, Meaning: "A Feedback-ID names a campaign."},
	{Name: bulkMailer, Group: groupBulk, Meaning: "The program that wrote it is made for mailing to many."},
	{Name: bulkScript, Group: groupBulk, Meaning: "A script on a web server wrote it."},
}
