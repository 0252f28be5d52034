package transform

import "fmt"

// inWords is the row in plain English. It says what was seen, and never that
// the intervention was the cause.
func (r *InterventionEffect) inWords(noun string, minUsers int) string {
	name := fmt.Sprintf("%s (%s)", r.Intervention, r.Date)
	if r.Segment != "" {
		name = fmt.Sprintf("%s (%s, %s %s)", r.Intervention, r.Date, r.Cut, r.Segment)
	}
	used := fmt.Sprintf("%d of %d days before and %d of %d after", r.DaysBefore, r.WindowDays, r.DaysAfter, r.WindowDays)
	if r.Verdict == TooLittleData {
		return fmt.Sprintf("%s: too little data for %s: %s can be used%s; wanted are on each side 2 weeks with %d days or more, and %d users a day.",
			name, noun, used, r.usersInWords(), weekDays, minUsers)
	}
	what := "no clear change in " + noun
	switch r.Verdict {
	case Increase:
		what = noun + " went up"
	case Decrease:
		what = noun + " went down"
	}
	relative := ""
	if r.Relative != nil {
		relative = fmt.Sprintf(" (%+.1f %%)", 100**r.Relative)
	}
	format, scale := r.format()
	return fmt.Sprintf("%s: %s: "+format.value+" before, "+format.value+" after, a change of "+format.change+"%s, 95 %% interval "+format.bound+" to "+format.change+"; %s used; %s.",
		name, what, scale**r.Before, scale**r.After, scale**r.Change, relative, scale**r.Low, scale**r.High, used, r.placeboInWords())
}

type numberFormat struct{ value, change, bound string }

// format is how numbers of the unit are written, and by what they are
// multiplied first.
func (r *InterventionEffect) format() (_ numberFormat, scale float64) {
	switch r.Unit {
	case "seconds":
		return numberFormat{"%.1f s", "%+.1f s", "%+.1f"}, 1
	case "share":
		return numberFormat{"%.1f %%", "%+.1f points", "%+.1f"}, 100
	}
	return numberFormat{"%.2f", "%+.2f", "%+.2f"}, 1
}

func (r *InterventionEffect) placeboInWords() string {
	if *r.PlaceboDates == 0 {
		return "there is no earlier date to try the same at"
	}
	return fmt.Sprintf("at %d of %d earlier dates the change was as large", *r.PlaceboAsLarge, *r.PlaceboDates)
}

// usersInWords is empty where a side has no days.
func (r *InterventionEffect) usersInWords() string {
	if r.UsersBefore == nil || r.UsersAfter == nil {
		return ""
	}
	return fmt.Sprintf(", with %.1f and %.1f users a day", *r.UsersBefore, *r.UsersAfter)
}
