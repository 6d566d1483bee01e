package urls

import "strings"

// set makes a set of words.
func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// cheap are the top-level domains whose names are given away or nearly so, and
// how much each counts: under some of them there are many honest pages too.
var cheap = func() map[string]float64 {
	m := map[string]float64{}
	for w := range set("top icu click buzz cyou rest sbs cfd bond monster quest hair skin makeup lol autos boats yachts mom pics tk ml ga cf gq " +
		"cam gdn loan date win bid stream download racing review men party trade accountant faith science cricket webcam surf beauty " +
		"homes motorcycles best uno guru rocks okinawa") {
		m[w] = 1
	}
	for w := range set("xyz online site website space store fun club work shop link host life live today world vip su") {
		m[w] = 0.5
	}
	return m
}()

// freeHosts are services on which anybody has a page under the service's name at once
// and for nothing.
var freeHosts = set("weebly.com weeblysite.com wixsite.com wixstudio.io godaddysites.com square.site webflow.io " +
	"web.app firebaseapp.com appspot.com pages.dev workers.dev r2.dev netlify.app vercel.app herokuapp.com onrender.com surge.sh " +
	"glitch.me repl.co replit.app ngrok.io ngrok.app ngrok-free.app trycloudflare.com sites.google.com " +
	"docs.google.com forms.gle storage.googleapis.com firebasestorage.googleapis.com blob.core.windows.net web.core.windows.net azurewebsites.net azureedge.net " +
	"cloudapp.azure.com s3.amazonaws.com amplifyapp.com cloudfront.net 000webhostapp.com infinityfreeapp.com byet.host " +
	"mystrikingly.com strikingly.com yolasite.com jimdosite.com site123.me tilda.ws carrd.co notion.site canva.site typeform.com " +
	"jotform.com formstack.com surveymonkey.com telegra.ph t.me linktr.ee duckdns.org no-ip.org ddns.net hopto.org zapto.org " +
	"sytes.net serveo.net myftp.org dynv6.net plesk.page ru.com sa.com za.com backblazeb2.com codesandbox.io framer.app softr.app")

// hosts are services that carry their customers' domains within a name of
// their own.
var hosts = set("amazonaws.com cloudfront.net akamaized.net akamaihd.net edgekey.net edgesuite.net fastly.net googleusercontent.com " +
	"google.com translate.goog cdn.cloudflare.net outlook.com sharepoint.com onmicrosoft.com office.com safelinks.protection.outlook.com " +
	"ampproject.org archive.org wordpress.com blogspot.com sendgrid.net list-manage.com hubspotlinks.com msgfocus.com rs6.net " +
	"onelink.me app.link page.link yahoo.com aol.com cnet.com")

// redirector is a page of a well-known site that takes everybody to the
// address it is given.
type redirector struct {
	host, path string
	always     bool // the address is not readable: every link there counts
}

var redirectors = []redirector{
	{"google.com", "/url", false}, {"google.com", "/amp/", false}, {"googleadservices.com", "/pagead/aclk", false},
	{"doubleclick.net", "/", false}, {"bing.com", "/ck/a", true}, {"youtube.com", "/redirect", false}, {"l.facebook.com", "/l.php", false},
	{"lm.facebook.com", "/l.php", false}, {"l.instagram.com", "/", false}, {"t.umblr.com", "/redirect", false}, {"out.reddit.com", "/", false},
	{"linkedin.com", "/redir/", false}, {"linkedin.com", "/slink", true}, {"vk.com", "/away.php", false}, {"steamcommunity.com", "/linkfilter/", false},
	{"slack-redir.net", "/link", false}, {"baidu.com", "/link", true}, {"so.com", "/link", true}, {"sogou.com", "/link", true},
	{"rds.yahoo.com", "/", false}, {"r.search.yahoo.com", "/", false}, {"clicks.aweber.com", "/", true}, {"analytics.google.com", "/r/", false},
	{"yandex.ru", "/clck/", false}, {"medium.com", "/r/", false}, {"href.li", "/", true}, {"duckduckgo.com", "/l/", false},
}
