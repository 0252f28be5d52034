package transform

// attributes are the attributes of events by their names in sessions, in the
// order of [Attributes]. Properties of the user's own are none of them.
var attributes = [...]struct {
	name string
	of   func(*Attributes) *string
	in   func(*Session) *string
}{
	{"platform", func(a *Attributes) *string { return &a.Platform }, func(r *Session) *string { return &r.Platform }},
	{"os_version", func(a *Attributes) *string { return &a.OSVersion }, func(r *Session) *string { return &r.OSVersion }},
	{"app_version", func(a *Attributes) *string { return &a.AppVersion }, func(r *Session) *string { return &r.AppVersion }},
	{"device_model", func(a *Attributes) *string { return &a.DeviceModel }, func(r *Session) *string { return &r.DeviceModel }},
	{"country", func(a *Attributes) *string { return &a.Country }, func(r *Session) *string { return &r.Country }},
	{"language", func(a *Attributes) *string { return &a.Language }, func(r *Session) *string { return &r.Language }},
	{"acquisition_source", func(a *Attributes) *string { return &a.AcquisitionSource }, func(r *Session) *string { return &r.AcquisitionSource }},
	{"campaign", func(a *Attributes) *string { return &a.Campaign }, func(r *Session) *string { return &r.Campaign }},
	{"device_class", func(a *Attributes) *string { return &a.DeviceClass }, func(r *Session) *string { return &r.DeviceClass }},
	{"utc_offset", func(a *Attributes) *string { return &a.UTCOffset }, func(r *Session) *string { return &r.UTCOffset }},
}

func attributeNames() []string {
	var names []string
	for _, a := range attributes {
		names = append(names, a.name)
	}
	return names
}

// attributeNamed returns where events have an attribute, nil if there is none
// of that name.
func attributeNamed(name string) func(*Attributes) *string {
	for _, a := range attributes {
		if a.name == name {
			return a.of
		}
	}
	return nil
}
