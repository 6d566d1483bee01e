package phish

import "strings"

// set makes a set of words.
func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// freemail are domains under which anybody has an address at once.
var freemail = set("gmail.com googlemail.com yahoo.com ymail.com rocketmail.com yahoo.co.uk yahoo.fr yahoo.de yahoo.it yahoo.es yahoo.ca " +
	"yahoo.com.br yahoo.com.au yahoo.co.in yahoo.in yahoo.co.jp yahoo.com.hk yahoo.com.tw yahoo.com.cn yahoo.cn myyahoo.com " +
	"hotmail.com hotmail.co.uk hotmail.fr hotmail.de hotmail.it hotmail.es outlook.com outlook.fr outlook.de outlook.es outlook.it outlook.jp " +
	"outlook.com.br live.com live.co.uk live.fr live.de live.it live.nl msn.com passport.com aol.com aim.com icloud.com me.com mac.com " +
	"gmx.com gmx.de gmx.net gmx.at gmx.ch gmx.us web.de freenet.de t-online.de mail.com email.com usa.com consultant.com post.com " +
	"europe.com asia.com mail.ru inbox.ru list.ru bk.ru internet.ru yandex.ru yandex.com ya.ru rambler.ru lenta.ru ukr.net i.ua " +
	"qq.com foxmail.com vip.qq.com 163.com 126.com yeah.net vip.163.com 188.com sina.com sina.cn vip.sina.com sohu.com 139.com 189.cn 21cn.com tom.com aliyun.com " +
	"naver.com daum.net hanmail.net nate.com protonmail.com protonmail.ch proton.me pm.me tutanota.com tuta.io tutamail.com " +
	"zoho.com zohomail.com zohomail.eu fastmail.com hushmail.com mailfence.com inbox.com inbox.lv lycos.com excite.com " +
	"libero.it virgilio.it tiscali.it alice.it tin.it orange.fr wanadoo.fr laposte.net free.fr sfr.fr " +
	"seznam.cz centrum.cz post.cz azet.sk wp.pl o2.pl onet.pl interia.pl op.pl abv.bg mail.bg mail.ee rediffmail.com " +
	"uol.com.br bol.com.br terra.com.br ig.com.br telkomsa.net webmail.co.za comcast.net att.net sbcglobal.net verizon.net bellsouth.net " +
	"cox.net earthlink.net juno.com netzero.net btinternet.com sky.com talktalk.net virginmedia.com ntlworld.com blueyonder.co.uk bigpond.com")

// trackers are services that mail for others and lead every link over their own host.
var trackers = set("sendgrid.net sendgrid.com list-manage.com mailchimp.com mcusercontent.com mandrillapp.com rs6.net constantcontact.com " +
	"exacttarget.com exct.net salesforce.com pardot.com hubspotlinks.com hubspotemail.net hubspot.com hs-sites.com mailgun.org mailgun.com " +
	"sparkpostmail.com awstrack.me klclick.com klclick1.com klclick2.com klclick3.com cmail19.com cmail20.com createsend.com createsend1.com " +
	"mailjet.com mjt.lu sendinblue.com sendibt.com sendibm.com brevo.com mlsend.com mailerlite.com getresponse.com aweber.com icontact.com " +
	"activehosted.com acemlna.com infusionsoft.com keap-link.com convertkit-mail.com ck.page substack.com beehiiv.com customeriomail.com " +
	"iterable.com braze.com emltrk.com emlfiles.com dotdigital.com dmtrk.net dmdelivery.com emarsys.net silverpop.com mkt.com epsl1.com cheetahmail.com " +
	"bluehornet.com e2ma.net vresp.com verticalresponse.com benchmarkemail.com postmarkapp.com pstmrk.it intercom-mail.com intercom-links.com " +
	"zendesk.com linkedin.com google.com doubleclick.net feedburner.com yahoo.com cnet.com")

// rewriters are gates that receivers put before every link.
var rewriters = set("safelinks.protection.outlook.com urldefense.com urldefense.proofpoint.com linkprotect.cudasvc.com " +
	"protect-us.mimecast.com protect-eu.mimecast.com protect-de.mimecast.com protect-au.mimecast.com protect-za.mimecast.com mimecastprotect.com " +
	"secure-web.cisco.com clicktime.symantec.com url.emailprotection.link sophos.com protection.sophos.com protect2.fireeye.com " +
	"checkpoint.com avanan.click trendmicro.com shared.outlook.inky.com edgepilot.com")

// usualTops are top-level domains by which a text without "www." or a scheme
// is taken for a host: under others it may as well be a file (.md, .py, .zip).
var usualTops = set("com net org edu gov mil info biz io co de uk fr it es nl eu at ch be se dk fi pt br ar mx us ca au nz jp cn hk tw kr in ru ua cz hu ro gr tr za")
