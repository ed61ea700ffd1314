package viewer

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"mua/store/message"
)

// What a desktop or a shell might run instead of showing it.
var (
	programEnds = []string{
		".desktop", ".sh", ".bash", ".zsh", ".fish", ".csh", ".ksh", ".run", ".elf", ".so", ".appimage", ".deb", ".rpm", ".snap", ".flatpakref", ".flatpakrepo",
		".app", ".pkg", ".mpkg", ".dmg", ".command", ".workflow", ".terminal", ".scpt", ".applescript", ".webloc", ".inetloc", ".fileloc", ".dylib",
		".exe", ".com", ".bat", ".cmd", ".scr", ".pif", ".msi", ".msp", ".cpl", ".hta", ".reg", ".lnk", ".url", ".ps1", ".psm1", ".vbs", ".vbe", ".js", ".jse", ".mjs", ".ws", ".wsf", ".wsh",
		".jar", ".jnlp", ".class", ".apk", ".py", ".pyc", ".pyw", ".pl", ".rb", ".lua", ".tcl", ".php",
	}
	programTypes = []string{
		"application/x-executable", "application/x-pie-executable", "application/x-sharedlib", "application/x-elf", "application/x-mach-binary", "application/x-desktop", "application/x-shellscript", "application/x-sh",
		"application/x-csh", "application/x-bash", "text/x-sh", "text/x-shellscript", "text/x-script", "text/x-python", "text/x-perl", "application/x-perl", "application/x-python", "application/x-ruby", "application/x-php",
		"application/javascript", "text/javascript", "application/x-javascript", "application/x-msdownload", "application/x-msdos-program", "application/x-dosexec", "application/x-ms-dos-executable", "application/vnd.microsoft.portable-executable",
		"application/x-msi", "application/x-bat", "application/x-ms-shortcut", "application/x-mswinurl", "application/hta", "application/java-archive", "application/x-java-archive", "application/x-java-jnlp-file", "application/java-vm",
		"application/vnd.debian.binary-package", "application/x-deb", "application/x-rpm", "application/x-redhat-package-manager", "application/vnd.appimage", "application/x-appimage", "application/vnd.flatpak.ref",
		"application/vnd.snap", "application/vnd.android.package-archive", "application/x-apple-diskimage",
	}
	programBegins = []string{"\x7fELF", "MZ", "#!", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe"}
)

// IsProgram reports whether a part is, or may be taken for, something to run: by its name, its type or
// how it begins. Such a part is never opened.
func IsProgram(name, typ string, data []byte) bool {
	begins := func(s string) bool { return bytes.HasPrefix(data, []byte(s)) }
	return slices.Contains(programEnds, strings.ToLower(filepath.Ext(name))) || slices.Contains(programTypes, typ) ||
		slices.ContainsFunc(programBegins, begins) || bytes.Contains(data[:min(len(data), 1024)], []byte("[Desktop Entry]"))
}

// MayCallHome reports whether a browser that shows a part may fetch more of it from the network.
func MayCallHome(name, typ string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".html", ".htm", ".xhtml", ".xht", ".shtml", ".mht", ".mhtml", ".svg", ".svgz", ".xml":
		return true
	}
	return typ == "text/html" || typ == "application/xhtml+xml" || typ == "image/svg+xml" || typ == "text/xml" || typ == "application/xml"
}

// maxName is how many octets a name has: file systems take 255, and a program may want an end added.
const maxName = 200

// FileName makes the name of a part's file: letters and digits of any script, dots, hyphens and
// underscores, so that it is one word to everybody.
func FileName(p *message.Part) string {
	name := p.FileName()
	if filepath.Ext(name) == "" {
		name += message.Extension(p.Type)
	}
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, name)
	if len(name) > maxName {
		name = strings.TrimLeft(strings.ToValidUTF8(name[len(name)-maxName:], ""), ".-")
	}
	return name
}
