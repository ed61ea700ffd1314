package message

import (
	"strings"
	"testing"
)

func TestHTMLToText(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"paragraphs", "<p>One\n  two</p><p>Three</p>", "One two\n\nThree\n"},
		{"inline", "a <b>bold</b><i>er</i> word", "a bolder word\n"},
		{"entities", "caf&eacute; &lt;b&gt; &amp;amp; &nbsp;x&#8364;", "café <b> &amp; x€\n"},
		{"br", "a<br>b<br><br>c", "a\nb\n\nc\n"},
		{"Gmail's empty line", "<div>a</div><div><br></div><div>b</div>", "a\n\nb\n"},
		{"Outlook's lines", `<p class=MsoNormal>a</p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class="MsoNormal">b</p><p class=MsoNormal>c</p>`, "a\n\nb\nc\n"},
		{"lists", "<ul><li>a<li>b<ul><li>c</ul></ul><ol start=3><li><p>x</p></li><li>y</ol>", "• a\n• b\n  • c\n\n3. x\n4. y\n"},
		{"headings", "<h1>Head</h1>text<h2>Sub</h2>more", "Head\n\ntext\n\nSub\n\nmore\n"},
		{"quotes", "a<blockquote>b<br>c<blockquote>d</blockquote></blockquote>e", "a\n\n> b\n> c\n>\n> > d\n\ne\n"},
		{"pre", "x<pre>\n a\n   b\n\nc</pre>y", "x\n\n a\n   b\n\nc\n\ny\n"},
		{"hr", "a<hr>b", "a\n" + ruler + "\nb\n"},
		{"table rows", "<table><tr><td>Name</td><td>Ada</td></tr><tr><th>Age</th><td>36</td></tr></table>", "Name  Ada\nAge   36\n"},
		{"table cells with paragraphs", "<table><tr><td><p>Name</p></td><td><p>Ada</p></td></tr></table>", "Name  Ada\n"},
		{"long table cells", "<table><tr><td>" + strings.Repeat("long ", 20) + "</td><td>b</td></tr></table>", strings.TrimSpace(strings.Repeat("long ", 20)) + "\nb\n"},
		{"empty table cells", "<table><tr><td></td><td>a</td><td>&nbsp;</td><td>b</td></tr></table>", "a  b\n"},
		{"unclosed cells", "<table><tr><td>a<td>b<tr><td>c</table>", "a  b\nc\n"},
		{"image", `<img src=x alt="A  cat"> <img src=y><img alt=spy width=1 height=1>z`, "[A cat] z\n"},
		{"only an image", "<img src=x>", "[image]\n"},
		{"skipped", "<head><title>T</title><style>p{}</style><script>alert('<p>')</script></head>a<template>b</template><svg><text>c</text></svg><iframe>d</iframe>", "a\n"},
		{"noscript", "<noscript>see <b>this</b></noscript>", "see this\n"},
		{"comment", "a<!-- b --><!--[if mso]>c<![endif]-->d", "ad\n"},
		{"soft hyphen and zero width space", "ex&shy;am&#8203;ple", "example\n"},
		{"joined emoji", "👩&zwj;👧", "👩\u200d👧\n"},
		{"preheader fill", "<div>Hi&zwnj;&nbsp;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#8199;</div><p>x</p>", "Hi\n\nx\n"},
		{"cut off tag", "text <a href='", "text\n"},
		{"lone brackets", "1 < 2 <3 > 2", "1 < 2 <3 > 2\n"},
		{"glued blocks", "<div>a</div>b<section>c</section>", "a\nb\nc\n"},
		{"q", "<q>x</q>", "“x”\n"},
		{"nested tables", "<table><tr><td><table><tr><td>a</td></tr></table></td><td>b</td></tr></table>", "a  b\n"},
		{"definition list", "<dl><dt>t<dd>d</dl>", "t\n  d\n"},
		{"white-space", `<div style="white-space: pre-wrap">a` + "\n" + `  b</div>`, "a\n  b\n"},
		{"empty", "", ""},
		{"blanks only", "<p> &nbsp; </p>", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := HTMLToText(c.in); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// TestHTMLTables: the cells of rows that follow each other stand below each other, by the columns they take on a screen; not in rows
// that would be too wide for that, and not where only words are wanted.
func TestHTMLTables(t *testing.T) {
	table := func(rows ...string) string {
		var b strings.Builder
		b.WriteString("<table>")
		for _, r := range rows {
			b.WriteString("<tr><td>" + strings.ReplaceAll(r, "|", "</td><td>") + "</td></tr>")
		}
		return b.String() + "</table>"
	}
	long := strings.Repeat("x", 50)
	for _, c := range []struct{ name, in, want string }{
		{"three columns", table("Where|Soup|Stars", "Gull Sound|fish|4"), "Where       Soup  Stars\nGull Sound  fish  4\n"},
		{"wide characters", table("港|a", "abc|b", "e\u0301|c"), "港   a\nabc  b\ne\u0301    c\n"},
		{"rows with as many cells", "<p>x</p>" + table("Rope|2|58", "Clock|1|19", "Sum|77", "all") + "y", "x\n\nRope   2  58\nClock  1  19\nSum  77\nall\ny\n"},
		{"too wide", table("a|b|"+long, long+"|c|d"), "a  b  " + long + "\n" + long + "  c  d\n"},
		{"quoted", "<blockquote>" + table("a|b", "long|c") + "</blockquote>", "> a     b\n> long  c\n"},
		{"not side by side", table("a|b") + "<p>between</p>" + table("long|c"), "a  b\n\nbetween\n\nlong  c\n"},
	} {
		if got := HTMLToText(c.in); got != c.want {
			t.Errorf("%s: got  %q\nwant %q", c.name, got, c.want)
		}
	}
	if got := htmlToText(table("Where|Soup", "Gull Sound|fish"), noLimit, true); got != "Where  Soup\nGull Sound  fish\n" {
		t.Errorf("words only: %q", got)
	}
}

func TestHTMLHidden(t *testing.T) {
	for _, hidden := range []string{
		`<div style="display:none">SECRET</div>`,
		`<div style="DISPLAY : None !important">SECRET</div>`,
		`<span style="visibility:hidden">SECRET</span>`,
		`<div style="font-size:0">SECRET</div>`,
		`<div style="font-size:0px;line-height:0">SECRET</div>`,
		`<div style="max-height:0px;overflow:hidden">SECRET</div>`,
		`<div style="height:0;overflow:hidden">SECRET</div>`,
		`<div style="mso-hide:all">SECRET</div>`,
		`<div style="opacity:0.0">SECRET</div>`,
		`<div hidden>SECRET</div>`,
		`<div style="display:none"><table><tr><td>SECRET</div>SECRET</td></tr></table></div>`,
		`<div style="display:none"><p>SECRET<p>SECRET</div>`,
		`<table><tr style="display:none"><td>SECRET<tr><td></td></tr></table>`,
		`<div style="display:none"><a href="http://x.example/">SECRET</a></div>`,
		`<div style="display:none"><img alt=SECRET></div>`,
		`<img style="display:none" alt=SECRET>`,
		`<input type=hidden value=SECRET>`,
	} {
		got := HTMLToText(hidden + "<p>shown</p>")
		if strings.Contains(got, "SECRET") || strings.Contains(got, "x.example") || !strings.Contains(got, "shown") {
			t.Errorf("%s\nshows %q", hidden, got)
		}
	}
	for _, visible := range []string{
		`<div style="font-size:0"><div style="font-size:14px">shown</div></div>`,
		`<div style="visibility:hidden"><b style="visibility:visible">shown</b></div>`,
		`<td style="font-size:0"><table><tr><td>shown</table></td>`,
		`<td style="font-size:0"><img alt=shown></td>`,
		`<div style="font-size:0.8em">shown</div>`,
		`<div style="max-height:100px">shown</div>`,
		`<div style="height:0">shown</div>`,
		`<!--[if !mso]><!--><div style="mso-hide:all">shown</div><!--<![endif]-->`,
		`<div style="display:none">only shown</div>`,
		`<div style="display:none">a</div>shown`,
	} {
		if got := HTMLToText(visible); !strings.Contains(got, "shown") {
			t.Errorf("%s\nhides it: %q", visible, got)
		}
	}
}

func TestHTMLLinks(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"domain", `<a href="https://www.example.org/a?b">Here</a>`, "Here [example.org]\n"},
		{"before punctuation", `See <a href="https://example.org/">this</a>, please`, "See this [example.org], please\n"},
		{"before a word", `<a href="https://example.org/">this</a>that`, "this [example.org] that\n"},
		{"text is the domain", `<a href="https://example.org/x">example.org</a>`, "example.org\n"},
		{"text is the URL", `<a href="https://example.org/x">https://www.example.org/x</a>`, "https://www.example.org/x\n"},
		{"text names another", `<a href="https://evil.example/">www.bank.example</a>`, "www.bank.example [evil.example]\n"},
		{"text ends like the domain", `<a href="https://evil.com/">notevil.com</a>`, "notevil.com [evil.com]\n"},
		{"user part in the URL", `<a href="https://bank.example@evil.example:443/">x</a>`, "x [evil.example]\n"},
		{"backslash", `<a href="https:\\evil.example\bank.example">x</a>`, "x [evil.example]\n"},
		{"other letters", `<a href="https://ехаmple.org/">x</a>`, "x [xn--mple-43d3a6i.org]\n"},
		{"mailto", `<a href="mailto:ada@example.org?subject=x">Ada</a>`, "Ada [ada@example.org]\n"},
		{"other scheme", `<a href="javascript:alert(1)">x</a>`, "x\n"},
		{"relative", `<a href="/x">x</a>`, "x\n"},
		{"image", `<a href="http://a.example"><img src=x></a> y`, "[a.example] y\n"},
		{"image where letters have no size", `<td style="font-size:0"><a href="http://a.example"><img alt=Shop></a></td>`, "[Shop] [a.example]\n"},
		{"nothing in it", `<a href="http://a.example"></a>y`, "y\n"},
		{"block in it", `<a href="http://a.example"><div>x</div></a><div>y</div>`, "x [a.example]\ny\n"},
		{"not closed", `<a href="http://a.example">x<a href="http://b.example">y`, "x [a.example] y [b.example]\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := HTMLToText(c.in); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
	got := Links(`<a href=" https://a.example/1 ">One <b>1</b></a><a href="x:y">no</a><div hidden><a href="http://h.example">h</a></div><a href="mailto:a@b.example">m</a>`)
	want := []Link{{"One 1", "https://a.example/1", "a.example"}, {"m", "mailto:a@b.example", "a@b.example"}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("Links = %q", got)
	}
}

func TestMessageLinks(t *testing.T) {
	m := Parse([]byte("Subject: x\n\nSee https://a.example/x(1), (http://b.example/y). mailto:c@d.example <https://e.example/>, https://a.example/x(1) ftp://no.example\nhttp://\n"))
	var urls []string
	for _, l := range m.Links() {
		urls = append(urls, l.URL)
	}
	if got, want := strings.Join(urls, " "), "https://a.example/x(1) http://b.example/y mailto:c@d.example https://e.example/"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
