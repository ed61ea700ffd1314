package message

import (
	"strings"
	"testing"
)

// newsletter is a message of about 4 KiB as lists of all kinds send them.
var newsletter = strings.ReplaceAll(`Return-Path: <bounce-123@lists.example.org>
Received: from mx1.example.org (mx1.example.org [192.0.2.1])
	by mail.example.net (Postfix) with ESMTPS id 4ABCDEF
	for <ada@example.net>; Sun, 22 Nov 2026 10:00:05 +0000 (UTC)
Received: by mx1.example.org (Postfix, from userid 1000)
	id 123456; Sun, 22 Nov 2026 10:00:01 +0000 (UTC)
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=k1;
	h=from:to:subject:date:message-id:mime-version:content-type;
	bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA
Authentication-Results: mail.example.net; dkim=pass header.d=example.org
From: =?utf-8?Q?Caf=C3=A9_Newsletter?= <news@example.org>
To: "Lovelace, Ada" <ada@example.net>, Charles <charles@example.net>
Subject: =?utf-8?B?TmV1ZXMgYXVzIGRlbSBDYWbDqQ==?= =?utf-8?Q?_im_November?=
Date: Sun, 22 Nov 2026 10:00:00 +0000
Message-ID: <20261122100000.12345@example.org>
References: <a@example.org> <b@example.org>
In-Reply-To: <b@example.org>
List-Unsubscribe: <https://example.org/u?123>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_abc"

--=_abc
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

`+strings.Repeat("Neues aus dem Caf=C3=A9: heute gibt es Kuchen und Tee f=C3=BCr alle.\n", 15)+`
--=_abc
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<html><head><style>p { margin: 0 }</style></head><body><div style=3D"display:none">Vorschau</div><table>
`+strings.Repeat(`<tr><td style=3D"padding:4px">Caf=C3=A9</td><td><p>Kuchen <a href=3D"https://example.org/k">mehr</a></p></td></tr>`+"\n", 10)+`</table></body></html>
--=_abc--
`, "\n", "\r\n")

func BenchmarkParse(b *testing.B) {
	raw := []byte(newsletter)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(raw)
	}
}

// BenchmarkRow is what the store does for each message of a pull.
func BenchmarkRow(b *testing.B) {
	raw := []byte(newsletter)
	b.ReportAllocs()
	for b.Loop() {
		m := Parse(raw)
		m.Snippet(200)
		m.Attachments()
	}
}

func BenchmarkParseHeader(b *testing.B) {
	header, _, _ := strings.Cut(newsletter, "\r\n\r\n")
	raw := []byte(header)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		ParseHeader(raw)
	}
}

func BenchmarkHTMLToText(b *testing.B) {
	html := Parse([]byte(newsletter)).HTML()
	b.SetBytes(int64(len(html)))
	b.ReportAllocs()
	for b.Loop() {
		HTMLToText(html)
	}
}

func BenchmarkParseAttachment10MiB(b *testing.B) {
	raw := []byte("Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", 10<<20/78))
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		Parse(raw)
	}
}

func BenchmarkClean(b *testing.B) {
	text := strings.Repeat("Ein Café für alle — mit Kuchen.\n", 100)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Clean(text)
	}
}
