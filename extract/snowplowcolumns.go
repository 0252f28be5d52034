package extract

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// snowplowWidth is the number of columns of an enriched event.
const snowplowWidth = 131

// snowplowColumns returns the names of the columns, in order: the header that
// the files do not have (docs.snowplow.io, enriched TSV format).
func snowplowColumns() []string {
	return strings.Fields(`
		app_id platform
		etl_tstamp collector_tstamp dvce_created_tstamp
		event event_id txn_id
		name_tracker v_tracker v_collector v_etl
		user_id user_ipaddress user_fingerprint domain_userid domain_sessionidx network_userid
		geo_country geo_region geo_city geo_zipcode geo_latitude geo_longitude geo_region_name
		ip_isp ip_organization ip_domain ip_netspeed
		page_url page_title page_referrer
		page_urlscheme page_urlhost page_urlport page_urlpath page_urlquery page_urlfragment
		refr_urlscheme refr_urlhost refr_urlport refr_urlpath refr_urlquery refr_urlfragment
		refr_medium refr_source refr_term
		mkt_medium mkt_source mkt_term mkt_content mkt_campaign
		contexts
		se_category se_action se_label se_property se_value
		unstruct_event
		tr_orderid tr_affiliation tr_total tr_tax tr_shipping tr_city tr_state tr_country
		ti_orderid ti_sku ti_name ti_category ti_price ti_quantity
		pp_xoffset_min pp_xoffset_max pp_yoffset_min pp_yoffset_max
		useragent br_name br_family br_version br_type br_renderengine br_lang
		br_features_pdf br_features_flash br_features_java br_features_director br_features_quicktime
		br_features_realplayer br_features_windowsmedia br_features_gears br_features_silverlight
		br_cookies br_colordepth br_viewwidth br_viewheight
		os_name os_family os_manufacturer os_timezone
		dvce_type dvce_ismobile dvce_screenwidth dvce_screenheight
		doc_charset doc_width doc_height
		tr_currency tr_total_base tr_tax_base tr_shipping_base
		ti_currency ti_price_base base_currency
		geo_timezone mkt_clickid mkt_network etl_tags
		dvce_sent_tstamp refr_domain_userid refr_device_tstamp
		derived_contexts
		domain_sessionid derived_tstamp
		event_vendor event_name event_format event_version event_fingerprint
		true_tstamp
	`)
}

// A snowplowPlace is a column, or a property inside a column of JSON.
type snowplowPlace struct {
	name     string   // of the column
	column   int      // counted from 0
	schema   string   // whose property it is: name, or vendor/name; empty for the column itself
	property []string // names of nested objects; empty for the column itself
}

// parseSnowplowPlace reads a path: the name of a column, or of a column of
// JSON, a schema and a property, as in contexts.client_session.sessionId. The
// vendor of a schema may stand before its name: contexts.com\.acme/user.plan.
func parseSnowplowPlace(path string) (snowplowPlace, error) {
	names := splitPath(path)
	p := snowplowPlace{name: names[0], column: slices.Index(snowplowColumns(), names[0])}
	if p.column < 0 {
		return p, fmt.Errorf("%q is not a column of the enriched TSV: want one by its name, such as domain_sessionid, or contexts.SCHEMA.PROPERTY", p.name)
	}
	switch p.name {
	case "contexts", "derived_contexts", "unstruct_event":
		if len(names) < 3 {
			return p, fmt.Errorf("%q is not a value: want a schema and a property after the column, as in contexts.client_session.sessionId", path)
		}
		p.schema, p.property = names[1], names[2:]
	default:
		if len(names) > 1 {
			return p, fmt.Errorf("column %s has no %s: only contexts, derived_contexts and unstruct_event have something inside", p.name, strings.Join(names[1:], "."))
		}
	}
	return p, nil
}

// checkSnowplow reports what is wrong with a source of Snowplow's events.
func checkSnowplow(s Source) []error {
	var errs []error
	for _, place := range s.configured() {
		if _, err := parseSnowplowPlace(place.path); err != nil && place.path != "" {
			errs = append(errs, fmt.Errorf("fields: %s: %w", place.field, err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if path := s.Properties[name]; path != "" {
			if _, err := parseSnowplowPlace(path); err != nil {
				errs = append(errs, fmt.Errorf("properties: %s: %w", name, err))
			}
		}
	}
	return errs
}
