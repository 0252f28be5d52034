package extract

import (
	"strings"
	"testing"
)

func TestNamesIP(t *testing.T) {
	for _, name := range []string{
		"ip", "IP", "$ip", "_ip", "ip_address", "ipAddress", "IPAddress", "client_ip", "clientIp", "clientIP", "clientip", "context.ip", "properties.$ip",
		"user_ipaddress", "user_ip", "remote_addr", "remoteAddr", "x-forwarded-for", "X-Forwarded-For", "xforwardedfor", "ip.value.string_value", "ipv4",
		"ip_v6", "device.ip_hash", "request.headers.X-Forwarded-For",
	} {
		if !NamesIP(name) {
			t.Errorf("%s is no IP address", name)
		}
	}
	for _, name := range []string{
		"country", "ip_country", "geoip.country", "$geoip_country_code", "ship", "is_vip", "zip", "tip", "ripple", "membership", "recipe", "ip.city",
		"address", "email_address", "version.v4", "number", "value", "", "$", "ip_blocked", "clip", "remote", "value.string_value",
	} {
		if NamesIP(name) {
			t.Errorf("%s is an IP address", name)
		}
	}
}

func TestIPIsNotMapped(t *testing.T) {
	valid := Source{Name: "app", Format: "segment", Fields: map[string]Field{"screen": {Path: "context.page.title"}}, Properties: map[string]string{"plan": "plan"}}
	if err := valid.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, s := range []Source{
		{Name: "app", Format: "segment", Fields: map[string]Field{"device_id": {Path: "context.ip"}}},
		{Name: "app", Format: "segment", Properties: map[string]string{"where": "client_ip"}},
		{Name: "app", Format: "segment", Properties: map[string]string{"ip": "where"}},
		{Name: "app", Format: "snowplow", Fields: map[string]Field{"screen": {Path: "user_ipaddress"}}},
		{Name: "app", Format: "adobe", Properties: map[string]string{"where": "ip"}},
	} {
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), "never stored") {
			t.Errorf("%v: error %v, want one that an IP address is never stored", s, err)
		}
	}
}
