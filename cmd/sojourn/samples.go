package main

// A formatSample is what a sample configuration says of a format: lines of the
// source, with comments for whoever adapts them, and of the session.
type formatSample struct {
	match  string // which objects have events
	source string // below match: comments and settings, indented as in the file
	preset string // comments above the preset
}

// formatSamples has a sample of every format.
func formatSamples() map[string]formatSample {
	return map[string]formatSample{
		"ndjson":  {source: sampleMapping},
		"csv":     {source: "    # The first line of an object names its columns, in any order; comma, quotes \"\".\n" + sampleMapping},
		"parquet": {source: sampleMapping},

		"adobe": {
			source: `    # The data feed as it is delivered, daily or hourly: [rsid]_[YYYY-mm-dd].tar.gz
    # or .zip, or several files. Hits have no header: column_headers.tsv must be in
    # the archive, in the lookup archive of the same delivery, or beside the files.
    # The feed must have exclude_hit, hit_source, hit_time_gmt, post_visid_high and
    # post_visid_low; add cust_hit_time_gmt, hitid_high and hitid_low, visit_num,
    # visit_start_time_gmt, new_visit, post_pagename, customer_perspective.
    # Manifests and lookup files are told by their names.
    # fields:
    #   screen: prop1          # a column of your own for a field of ours
`,
			preset: "  # preset: adobe-visit    # Adobe's visits; timezone must be that of the report suite\n",
		},
		"amplitude": {
			source: `    # PROJECT/PROJECT_yyyy-MM-dd_H#PART.json.gz, as the export to S3 and Google
    # Cloud Storage writes it (of an archive of the Export API: unpacked). Files of
    # merged users, -ORGANISATION_yyyy-MM-dd_H.json.gz, belong into the same place:
    # they say which id is whose. A user is an amplitude_id, as in Amplitude's counts.
    # fields:
    #   user_id: user_id       # your own ids instead, without merges
`,
			preset: "  # preset: amplitude-mobile   # Amplitude's own sessions of apps, by session_id\n" +
				"  # preset: amplitude-web      # of web sites\n",
		},
		"ga4": {
			source: `    # The BigQuery export of a property, dumped as JSON (gzip or not) or Parquet; CSV
    # cannot hold it. The table's name must be in that of the objects, for instance
    # EXPORT DATA OPTIONS(uri='gs://BUCKET/analytics_NNN/events_20260130/*.json.gz', …):
    # of events_ and events_intraday_ of a date one counts, and users_ are left out.
    # The daily table is written anew for three days: dump it again in its place.
    # All fields are where Google puts them: nothing to map.
    # fields:
    #   screen: your_column    # a column of your own for a field of ours
`,
			preset: "  # preset: ga4-stamped    # GA4's own sessions, by ga_session_id; timezone must be the property's\n" +
				"  # preset: ga4-web-like   # the same rule on the web without ids\n",
		},
		"mixpanel": {
			source: `    # Lines of the Raw Export API, the JSON pipeline (PROJECT/mp_master_event/…, with
    # mp_identity_mappings_data/ beside it, which says which id is whose; profiles in
    # mp_people_data/ are left out), or the old raw pipeline (PROJECT/YYYY/MM/DD/…).
    # Times are seconds in UTC: say so if they are milliseconds (time_in_ms=true), or
    # in the time zone of the project (one begun before 2023).
    # fields:
    #   timestamp: {path: properties.time, unit: ms}
    #   timestamp: {path: properties.time, unit: s, zone: America/Los_Angeles}    # or this
    #   screen: properties.screen    # Mixpanel has no screens: a property of your own
`,
			preset: "  # preset: mixpanel       # Mixpanel's computed sessions; timezone must be the project's\n",
		},
		"posthog": {
			source: `    # A batch export of the model events, as JSONLines or Parquet, whatever its
    # compression; brotli is told by .br at the end of the name. A batch export of
    # the model persons says which id is whose: it needs the word persons in its key
    # prefix, as in {table}/. Lists of files, …manifest.json, are left out.
    # fields:
    #   country: properties.$geoip_country_code    # if GeoIP is on
`,
			preset: "  # preset: posthog        # PostHog's own sessions, by $session_id\n",
		},
		"rudderstack": {
			source: `    # rudder-logs/SOURCE/YYYY-MM-DD/….json.gz (older installations: MM-DD-YYYY).
    # Deliveries are not de-duplicated there; here an event counts once.
    # If several apps write there, name the folder of one in match: rudder-logs/SOURCE/**
    # fields:
    #   screen: properties.screen_name    # if it is not the name of the call
`,
			preset: "  # preset: rudder-mobile  # RudderStack's own sessions of apps, by context.sessionId\n",
		},
		"segment": {
			source: `    # segment-logs/SOURCE/DAY/….gz, DAY being milliseconds since 1970 of a day of
    # receipt. Times are corrected by Segment. The archive has no sessions.
    # If several apps write there, name the folder of one in match: segment-logs/SOURCE/**
    # fields:
    #   screen: properties.screen_name    # if it is not the name of the call
`,
			preset: "  # Segment has no sessions of its own: any preset with a gap will do\n",
		},
		"snowplow": {
			source: `    # Enriched events: 131 columns separated by tabs, without a header, gzip or not.
    # Take the folder of the good ones: bad rows and files of the loader are others.
    # Fields of your own are columns, or properties of an entity or event:
    # fields:
    #   screen: unstruct_event.my_screen.title
    #   campaign: contexts.my_entity.campaign
`,
			preset: "  # preset: snowplow-mobile   # Snowplow's own sessions of apps, by client_session\n" +
				"  # preset: snowplow-web      # of web sites, by domain_sessionid\n",
		},
	}
}

const sampleMapping = `    fields:                # canonical field: path in the record
      event_id: event_id   # dots go into objects: properties.item.id
      user_id: user_id
      device_id: device_id # user_id or device_id is needed
      event_name: event_name
      timestamp: timestamp # RFC 3339, or {path: ts, unit: ms} (s, ms, us)
      received_at: received_at
      session_id: session_id
      screen: screen
      platform: platform
      os_version: os_version
      app_version: app_version
      device_model: device_model
      country: country
      language: language
      acquisition_source: acquisition_source
      campaign: campaign
      # engaged_ms: engagement_ms    # engagement time since the event before
      # crash: is_crash              # true if the app crashed
      # background: in_background    # true if the app was in the background
`
