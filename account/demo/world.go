package demo

import (
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// in encodes a text; what the charset lacks becomes a question mark.
func in(e encoding.Encoding, s string) []byte {
	b, err := encoding.ReplaceUnsupported(e.NewEncoder()).Bytes([]byte(s))
	if err != nil {
		return []byte(s)
	}
	return b
}

// world is mail in other scripts and in the charsets that it comes in.
func world() []letter {
	return []letter{
		{
			ago: 20 * hour, id: "2026-haru@yuki.example", from: "田中 雪 <yuki@tanaka.example>",
			subject: "=?ISO-2022-JP?B?GyRCQGg9NSRORXRCZiROPEw/PyRIJCpDYyROJCpNNiQkGyhC?=", rawHead: true,
			body: inCharset("ISO-2022-JP", "7bit", in(japanese.ISO2022JP, `アダさん

ご無沙汰しております。先週、灯台の写真を撮りに行ってきました。
朝の光がとてもきれいで、波も静かでした。

来月の会議の前に、港の近くでお茶でもいかがですか。
土曜日の午後三時ごろが空いています。

田中 雪
`)),
		},
		{
			flags: []string{`\Seen`}, ago: 4*day + 9*hour, id: "kaigi-77@minato.example", from: "港町図書館 <tosho@minato.example>",
			subject: "【お知らせ】会議室の予約を承りました（11月28日）",
			body:    inCharset("utf-8", "base64", []byte("リンデン様\n\n会議室「かもめ」の予約を承りました。\n\n　日時：１１月２８日（土）１０：００〜１２：００\n　人数：６名\n　設備：プロジェクター、ホワイトボード\n\n当日は受付でお名前をお知らせください。\n\n港町図書館\n")),
		},
		{
			ago: 2*day + 5*hour, id: "gb-lighthouse@chenwei.example", from: "陈伟 <chen.wei@qingdao.example>",
			subject: "关于潮汐数据会议的安排",
			body:    inCharset("GB18030", "base64", in(simplifiedchinese.GB18030, "Ada 你好，\n\n下周三的会议改到下午两点，地点不变。\n青岛站最近三年的潮汐数据我已经整理好了，共一百零九万条记录。\n\n另外，灯塔旁边新开了一家面馆，会后一起去吃吧！\n\n祝好\n陈伟\n")),
		},
		{
			flags: []string{`\Seen`}, ago: 17*day + 2*hour, id: "busan-11@seoyeon.example", from: "김서연 <seoyeon@busan.example>",
			subject: "부산 여행 사진 보내드려요",
			body:    inCharset("EUC-KR", "8bit", in(korean.EUCKR, "아다 씨, 안녕하세요!\n\n지난주 부산에서 찍은 사진을 보내 드려요. 바다가 정말 예뻤어요.\n다음에는 꼭 같이 가요.\n\n서연 드림\n")),
		},
		{
			ago: 3*day + 3*hour, id: "layla-2@haddad.example", from: "ليلى حداد <layla@haddad.example>",
			subject: "دعوة إلى العشاء يوم الجمعة",
			body:    text("عزيزتي آدا،\n\nيسعدنا أن ندعوك إلى العشاء يوم الجمعة القادم في الساعة 7:30 مساءً.\nسنحضّر التبولة والسمك المشوي، والباقي مفاجأة.\n\nالعنوان: شارع المرفأ 12 (Harbour Street 12)\n\nمع أطيب التحيات،\nليلى\n"),
		},
		{
			flags: []string{`\Seen`}, ago: 22 * day, id: "noa-shalom@levi.example", from: "נועה לוי <noa@levi.example>",
			subject: "תמונות מהטיול לחוף",
			body:    text("היי עדה,\n\nהתמונות מהטיול מוכנות! העליתי 48 תמונות, והכי יפה היא מספר 17.\nנתראה ביום שלישי בשעה 18:00?\n\nנועה\n"),
		},
		{
			ago: 9 * hour, id: "emoji-1@castellano.example", from: "Tomás & Inês 👩‍❤️‍👨 <tomas@castellano.example>",
			subject: "🎉 We are moving! 👨‍👩‍👧‍👦 → 🏡 (new address inside) 🇵🇹✌🏽",
			body:    text("Olá Ada! 👋🏽\n\nWe did it: the house by the river is ours. 🏡🌊\n\nFamily report:\n  👨‍👩‍👧‍👦  all four of us are well\n  🧑🏿‍🚀  Léo still wants to be an astronaut\n  🐈‍⬛  the cat has chosen the warmest room\n  ☑️  boxes: 31 packed, 4 lost, 1 full of other boxes\n\nNew address: Rua do Cais 8, 4400-111 Vila do Rio\n\nCome and see us! 💛\nTomás, Inês, Léo & Zé\n"),
		},
		{
			flags: []string{`\Seen`}, ago: 13 * day, id: "combining@linden.example", from: "Großmutter Käthe <kaethe@linden.example>",
			subject: "Viele Grüße aus dem Garten",
			body:    inCharset("iso-8859-1", "quoted-printable", []byte("Liebe Ada,\n\ndie \xc4pfel sind reif, und die Igel sind wieder da. Es sind f\xfcnf! Der\nkleinste hei\xdft Schr\xf6der.\n\nKomm bald, es gibt Zwiebelkuchen.\n\nGro\xdfmutter K\xe4the\n")),
		},
		{
			ago: 27 * day, id: "undeclared@oldprinter.example", from: "Scan Station <scanner@boathouse.example>",
			subject: "Scan fertig", flags: []string{`\Seen`},
			body: part{nil, []byte("Der Scan \"B\xfcrgschaft Liegeplatz\" liegt f\xfcr Sie bereit.\nGr\xf6\xdfe: 1,2 MB\n")},
		},
	}
}
