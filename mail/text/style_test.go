package text

import (
	"strings"
	"testing"
)

func TestWhatIsShownIsNotFiledAsHidden(t *testing.T) {
	for name, html := range map[string]string{
		"a paragraph ends the one before":       "<p style=display:none>x<p>b",
		"a block ends a paragraph":              "<p style=display:none>x<div>b</div>",
		"a list item ends the one before":       "<ul><li style=display:none>x<li>b</ul>",
		"a term ends the one before":            "<dl><dt style=display:none>x<dd>b</dl>",
		"a cell ends the one before":            "<table><tr><td style=display:none>x<td>b</table>",
		"a row ends the one before":             "<table><tr style=display:none><td>x<tr><td>b</table>",
		"an option ends the one before":         "<select><option hidden>x<option>b</select>",
		"a parent ends what is open in it":      "<div><span style=display:none>x</div>b",
		"a cell ends formatting within":         "<table><tr><td><b style=display:none>x</td><td>b</table>",
		"any heading ends a heading":            "<h1 style=display:none>x</h2>b",
		"text in a table comes out before it":   "<table style=display:none>b<tr><td>x</table>",
		"a row outside a table is none":         "<tr style=display:none>b",
		"formatting ends within a block":        "<b style=display:none><p>x</b>b",
		"the last declaration wins":             "<div style='display:none;display:block'>b</div>",
		"an important declaration wins":         "<div style='display:block!important;display:none'>b</div>",
		"a declaration that means nothing":      "<div style='display:none2'>b</div>",
		"a comment in a style":                  "<div style='/*display:none*/'>b</div>",
		"a comment in a style sheet":            "<style>/*.x{display:none}*/</style><div class=x>b</div>",
		"a string in a style sheet":             "<style>a{content:'.x{display:none}'}</style><div class=x>b</div>",
		"a class of another element":            "<style>p.x{display:none}</style><div class=x>b</div>",
		"a class within something":              "<style>.y .x{display:none}</style><div class=x>b</div>",
		"a class of two":                        "<style>.y.x{display:none}</style><div class=x>b</div>",
		"a pointer over it":                     "<style>.x:hover{display:none}</style><div class=x>b</div>",
		"a rule for print":                      "<style>@media print{.x{display:none}}</style><div class=x>b</div>",
		"a rule for narrow screens":             "<style>@media (max-width:9px){.x{display:none}}</style><div class=x>b</div>",
		"shown on narrow screens":               "<style>.x{display:none}@media (max-width:9px){.x{display:block}}</style><div class=x>b</div>",
		"the later rule wins":                   "<style>.x{display:none}.x{display:block}</style><div class=x>b</div>",
		"the more specific rule wins":           "<style>#y{display:block}.x{display:none}</style><div class=x id=y>b</div>",
		"a style attribute is above a class":    "<style>.x{display:none}</style><div class=x style=display:block>b</div>",
		"a style is above the hidden attribute": "<div hidden style=display:block>b</div>",
		"white on a named colour":               "<div style='background:purple;color:#fff'>b</div>",
		"white on a mixed colour":               "<div style='background:rgba(0,0,0,.9);color:#fff'>b</div>",
		"white on a colour half seen":           "<div style='background:rgba(0,0,0,.5);color:#fff'>b</div>",
		"white on a colour of parts":            "<div style='background:rgb(0%,0%,50%);color:#fff'>b</div>",
		"white on a colour by hue":              "<div style='background:hsl(0,100%,30%);color:#fff'>b</div>",
		"white on a colour not known":           "<div style='background:oklch(0.2 0 0);color:#fff'>b</div>",
		"white on a gradient":                   "<div style='background-image:linear-gradient(red,blue);color:#fff'>b</div>",
		"white on what the body has":            "<style>body{background:#000}</style><body><p style=color:#fff>b</p>",
		"white on what an element has":          "<style>td{background:#00f}</style><table><td style=color:#fff>b</table>",
		"white on what an id has":               "<style>#x{background:#00f}</style><p id=x style=color:#fff>b</p>",
		"white on what may be there":            "<style>.c td{background:#00f}</style><table class=c><td style=color:#fff>b</table>",
		"white on what a narrow screen has":     "<style>@media (max-width:9px){p{background:#00f}}</style><p style=color:#fff>b</p>",
		"white on an attribute's colour":        "<table bgcolor=orange><td><font color=white>b</font></table>",
		"white on an attribute's odd colour":    "<table bgcolor=chucknorris><td><font color=white>b</font></table>",
		"a broken colour changes nothing":       "<div style='background:#000;background:foo;color:#fff'>b</div>",
		"a block leaves a line's background":    "<span style='background:#000'><p>b</p></span>",
		"a link has a colour of its own":        "<div style=color:#fff><a href=x>b</a></div>",
		"off the page needs a position":         "<div style=left:-999px>b</div>",
		"stretched from off the page":           "<div style='position:absolute;left:0;right:-999px'>b</div>",
		"visible within hidden":                 "<div style=visibility:hidden><span style=visibility:visible>b</span></div>",
		"black within transparent":              "<div style=color:transparent><span style=color:black>b</span></div>",
		"no height, but room around":            "<div style='height:0;padding:50px;overflow:hidden'>b</div>",
		"no height, but a least one":            "<div style='height:0;min-height:9px;overflow:hidden'>b</div>",
		"no height for what is in a line":       "<span style='height:0;overflow:hidden'>b</span>",
		"the line after one pushed away":        "<div style=text-indent:-999px><br>b</div>",
		"hidden in Outlook alone":               "<div style=mso-hide:all>b</div>",
		"SVG has no raw text":                   "<svg><style><p>b",
		"SVG has no raw title":                  "<svg><title><p>b</p></title></svg>",
		"HTML ends SVG":                         "<svg style=display:none><p>b</p></svg>",
	} {
		t.Run(name, func(t *testing.T) {
			if x := page1(html); !strings.Contains(x.HTML, "b") || strings.Contains(x.Hidden, "b") {
				t.Errorf("%s: visible %q hidden %q", html, x.HTML, x.Hidden)
			}
		})
	}
}

func TestWhatIsHiddenIsNotTakenAsShown(t *testing.T) {
	for name, html := range map[string]string{
		"a comment before the value":          "<i style='display:/**/none'>b</i>",
		"an escaped property":                 `<i style='\64isplay:none'>b</i>`,
		"an escaped value":                    `<i style='display:\6eone'>b</i>`,
		"a string with a semicolon":           `<i style='font-family:"a;b";display:none'>b</i>`,
		"an address with a semicolon":         "<p style='background:url(data:x;y);display:none'>b</p>",
		"a rule for an element":               "<style>i{display:none}</style><i>b</i>",
		"a rule for an element nobody knows":  "<style>x-y{display:none}</style><x-y>b</x-y>",
		"a rule for an id":                    "<style>#x{display:none}</style><i id=x>b</i>",
		"a rule for a class by its attribute": "<style>[class~=x]{display:none}</style><i class='x y'>b</i>",
		"a rule within the body":              "<style>body .x{display:none}</style><i class=x>b</i>",
		"a rule for all media":                "<style>@media all{.x{display:none}}</style><i class=x>b</i>",
		"a rule for screens":                  "<style>@media only screen{.x{display:none}}</style><i class=x>b</i>",
		"a rule behind another statement":     "<style>@import 'x';.x{display:none}</style><i class=x>b</i>",
		"a rule in a comment of HTML":         "<style><!-- .x{display:none} --></style><i class=x>b</i>",
		"a rule behind a brace in a string":   "<style>a{content:'}'}.x{display:none}</style><i class=x>b</i>",
		"a rule in SVG":                       "<svg><style>.x{display:none}</style></svg><i class=x>b</i>",
		"a class that colours":                "<style>.x{color:#fff}</style><i class=x>b</i>",
		"a class in its own colours":          "<style>.x{color:#123456;background:#123456}</style><p class=x>b</p>",
		"no opacity of a colour":              "<i style='color:rgba(0,0,0,0)'>b</i>",
		"no opacity in digits":                "<i style='color:#0000'>b</i>",
		"hardly any opacity":                  "<i style='opacity:1%'>b</i>",
		"a named near white":                  "<i style='color:floralwhite'>b</i>",
		"white by hue":                        "<i style='color:hsl(0,0%,100%)'>b</i>",
		"white in an attribute, misspelt":     "<font color=fffffg>b</font>",
		"the size in the shorthand":           "<i style='font:normal 0px a'>b</i>",
		"a size that is a part of none":       "<p style='font-size:0'><i style='font-size:1em'>b</i></p>",
		"no line height and nothing beyond":   "<p style='line-height:0;overflow:hidden'>b</p>",
		"no height and nothing below":         "<p style='max-height:0;overflow-y:hidden'>b</p>",
		"clipped away":                        "<i style='position:absolute;clip:rect(0,0,0,0)'>b</i>",
		"scaled away":                         "<p style='transform:scale(0)'>b</p>",
		"beyond the right side":               "<i style='position:absolute;right:-9999px'>b</i>",
		"deep within":                         strings.Repeat("<b style=color:#111>", 200) + "<i style=display:none>b</i>",
		"a later end of formatting outside":   "<span>a<div style=display:none></span>b</div>",
		"an end tag for nothing":              "<div style=display:none></p></b></td>b</div>",
		"an end tag outside the table":        "<div style=display:none><table><tr><td></div>b</table></div>",
	} {
		t.Run(name, func(t *testing.T) {
			if x := page1(html); strings.Contains(x.HTML, "b") || !strings.Contains(x.Hidden, "b") || !x.Has("HTML_HIDDEN_TEXT") {
				t.Errorf("%s: visible %q hidden %q", html, x.HTML, x.Hidden)
			}
		})
	}
}

func TestTooManyElementsOrRulesAreToldOf(t *testing.T) {
	rules := strings.Builder{}
	for i := range maxRules + 1 {
		rules.WriteString(".x" + strings.Repeat("y", i) + "{color:#fff}")
	}
	for name, html := range map[string]string{
		"elements": strings.Repeat("<b>", maxOpen) + "<i style=display:none>b</i>",
		"rules":    "<style>" + rules.String() + ".x{display:none}.z{display:none}</style><i class=z>b</i>",
	} {
		t.Run(name, func(t *testing.T) {
			if x := page1(html); x.HTML != "b" || !x.Has("MIME_LIMIT_TEXT") {
				t.Errorf("visible %q hidden %q %v", x.HTML, x.Hidden, x.Findings)
			}
		})
	}
}
