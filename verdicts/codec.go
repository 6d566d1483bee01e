package verdicts

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Encode and Decode turn a record into what stores keep: one byte that names
// the form, then the JSON document, deflated with a dictionary of the words
// that every record has. That makes it about a sixth as long.

// formDeflate is the first form: RFC 1951 with dictionary.
const formDeflate = 1

// level is the fastest that looks into the dictionary: flate.BestSpeed does not.
const level = 2

// maxRecord bounds what Decode unpacks. Build's bounds keep records well below.
const maxRecord = 4 << 20

// errForm says that a stored record is not of a form that this version knows.
var errForm = errors.New("verdicts: stored record of unknown form")

// dictionary must never change under the same form: what was stored with it
// could not be read any more. What is most common stands last.
const dictionary = `"policy_domain":"","policy":"reject","disposition":"quarantine","override":"local_policy"` +
	`,"status":"skipped","error":"","status":"timeout","stage":"connect","stage":"helo","stage":"rcpt"` +
	`BAYES_SPAMBAYES_HAMRBL_GREYLIST_RATELIMIT_DMARC_FAIL_REJECTDMARC_FAIL_QUARANTINEDMARC_FAIL_NONEDMARC_NONEDMARC_PASS` +
	`DKIM_FAILDKIM_NONEDKIM_PASSSPF_SOFTFAILSPF_NEUTRALSPF_FAILSPF_NONESPF_PASSMIME_HTML_ONLYFROM_URL_DBL_HELO_RDNS_` +
	`example.com.org.net@gmail.commail.{"id":"01","time":"2026-","queue_id":"","session":{"client_ip":"","client_name":"` +
	`","helo":"mail.","tls":"TLSv1.3","auth_user":"","listener":"inbound"},"envelope":{"from":"","rcpts":["` +
	`"]},"message":{"from":"","subject":"","message_id":"\u003c","size":},"action":"reject","action":"mark","action":"accept","score":-0.` +
	`,"mode":"enforce","policy":"default","reply":"","reason":"","symbols":[{"name":"SPF_PASS","group":"","factor":1,"score":-0.2,"details":[],"shadow":false},` +
	`{"name":"DKIM_PASS","group":"auth","factor":1,"score":0,"details":[""],"shadow":false}],"auth":{"spf":{"result":"pass","domain":"","identity":"mailfrom"},` +
	`"dkim":[{"result":"pass","domain":"","selector":"","reason":""}],"dmarc":{"result":"pass","domain":"","policy_domain":"","policy":"none","disposition":"none","override":""},` +
	`"arc":{"result":""}},"checks":[{"name":"","stage":"mail","status":"ok","error":"","duration_ms":0.0},{"name":"","stage":"data","status":"ok","error":"","duration_ms":0.` +
	`}],"duration_ms":,"explanation":{"decided":[],"without":[{"symbol":"","action":"accept","score":}]}}`

var deflaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriterDict(nil, level, []byte(dictionary)) // the level is a known one
	return w
}}

var inflaters = sync.Pool{New: func() any { return flate.NewReaderDict(bytes.NewReader(nil), []byte(dictionary)) }}

// Encode gives the record as stores keep it.
func Encode(r *Record) ([]byte, error) {
	doc, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("verdicts: record %q: %w", r.ID, err)
	}
	out := bytes.NewBuffer(make([]byte, 0, len(doc)/2))
	out.WriteByte(formDeflate)
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(out)
	if _, err := w.Write(doc); err != nil {
		return nil, fmt.Errorf("verdicts: record %q: %w", r.ID, err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("verdicts: record %q: %w", r.ID, err)
	}
	return out.Bytes(), nil
}

// Decode reads what Encode wrote. It unpacks 4 MiB at most.
func Decode(data []byte) (*Record, error) {
	if len(data) == 0 || data[0] != formDeflate {
		return nil, errForm
	}
	in := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(in)
	if err := in.(flate.Resetter).Reset(bytes.NewReader(data[1:]), []byte(dictionary)); err != nil {
		return nil, fmt.Errorf("verdicts: stored record: %w", err)
	}
	doc, err := io.ReadAll(io.LimitReader(in, maxRecord))
	if err != nil {
		return nil, fmt.Errorf("verdicts: stored record: %w", err)
	}
	r := new(Record)
	if err := json.Unmarshal(doc, r); err != nil {
		return nil, fmt.Errorf("verdicts: stored record: %w", err)
	}
	return r, nil
}
