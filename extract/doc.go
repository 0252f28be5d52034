// Package extract turns raw objects into staged events.
//
// It lists what is new in the sources ([Pending]), decodes the vendors'
// records, and writes them into the lake per local event day, sorted, with
// object and line of origin ([Stage]). What cannot be read goes to quarantine
// with the reason and the raw bytes. [ReadDay] gives a day's staged events
// back, one subject at a time.
//
// Every record of an object ends as exactly one staged event or one
// quarantined record, and an object's version is read once in its life: the
// manifest that [Stage] writes last is what makes both true after a crash.
//
//	object ─decompress─▶ lines ─decode─▶ values of the mapped fields ─judge─▶ event | flaw
//	                                                                        │       │
//	                                              staged part files, by day ◀       ▶ quarantine
package extract
