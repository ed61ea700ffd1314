package message

import "strings"

// visibility is what an element's attributes say of its being seen.
type visibility struct {
	hidden   bool // with everything in it
	mso      bool // hidden from Outlook only, as a rule together with display:none
	fontZero inherit
	hide     inherit // visibility: hidden
	pre      inherit // white space counts
}

// inherit is a property that children may set back.
type inherit int8

const (
	unset inherit = iota
	on
	off
)

// apply returns the value for an element whose parent has v.
func (p inherit) apply(v bool) bool {
	switch p {
	case on:
		return true
	case off:
		return false
	}
	return v
}

// readStyle reads the declarations of a style attribute that matter here.
func readStyle(style string, v *visibility) {
	overflow, height := false, false
	for decl := range strings.SplitSeq(style, ";") {
		name, value, ok := strings.Cut(decl, ":")
		if !ok {
			continue
		}
		value = strings.ToLower(strings.TrimSpace(value))
		value = strings.TrimSpace(strings.TrimSuffix(value, "!important"))
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "display":
			v.hidden = v.hidden || value == "none"
		case "visibility":
			v.hide = off
			if value == "hidden" || value == "collapse" {
				v.hide = on
			}
		case "font-size":
			v.fontZero = fontSize(value)
		case "max-height":
			v.hidden = v.hidden || isZero(value)
		case "height":
			height = isZero(value)
		case "overflow":
			overflow = value == "hidden"
		case "opacity":
			v.hidden = v.hidden || isZero(value)
		case "mso-hide":
			v.mso = value == "all"
		case "white-space":
			v.pre = off
			if strings.HasPrefix(value, "pre") || value == "break-spaces" {
				v.pre = on
			}
		}
	}
	v.hidden = v.hidden || height && overflow
}

// fontSize tells a size of zero; relative sizes leave things as they are.
func fontSize(value string) inherit {
	switch {
	case isZero(value):
		return on
	case strings.HasSuffix(value, "rem"):
		return off
	case strings.HasSuffix(value, "em"), strings.HasSuffix(value, "%"), value == "inherit", value == "smaller", value == "larger", value == "":
		return unset
	}
	return off
}

// isZero reports 0, 0px, 0.0em and the like.
func isZero(value string) bool {
	number := strings.TrimRight(value, "abcdefghijklmnopqrstuvwxyz% ")
	return number != "" && strings.Trim(number, "0.") == "" && strings.Contains(number, "0")
}
