package greylist

import (
	"strings"
	"testing"
	"unicode"
)

func TestWhatLooksLikeAOneTimeCode(t *testing.T) {
	for text, want := range map[string]bool{
		"Your verification code\n\n482 193 is your code.": true,
		"登录\n您的验证码是 482193，五分钟内有效。":                       true,
		"Ihr Bestätigungscode: 4821":                      true,
		"code de vérification\n48219":                     true,
		"Your verification code\nis on its way":           false, // no code
		"Invoice 482193":                                  false, // no word for it
		"one-time code\nABC1234567890":                    false, // part of something longer
		strings.Repeat("x ", maxCodeText) + "OTP 482193":  false, // far down
	} {
		if got := bringsCode(text); got != want {
			t.Errorf("%.60q: %v", text, got)
		}
	}
}

func FuzzBringsCode(f *testing.F) {
	for _, s := range []string{"Your login code\n482 193", "验证码 4821", "OTP\xff12345678", "passcode 12-34", strings.Repeat("one-time ", 600) + "code 4821"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := bringsCode(text)
		if got && !strings.ContainsFunc(text, func(r rune) bool { return r < unicode.MaxASCII && unicode.IsDigit(r) }) {
			t.Errorf("a code without digits in %q", text)
		}
		if len(text) < maxCodeText/2 && bringsCode(text+"\n"+text) != got {
			t.Errorf("%q said twice is another", text)
		}
	})
}
