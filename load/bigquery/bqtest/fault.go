//go:build cgo

package bqtest

// A Call is a request that the server is about to answer.
type Call struct {
	Name  string // of the REST method, such as jobs.insert or tables.get
	JobID string // of a job's call
	Table string // of a table's call, or where a job loads to, with $YYYYMMDD
}

// A Fault is what goes wrong with one call. The zero Fault is nothing.
type Fault struct {
	// Status and Reason refuse the call before anything is done.
	Status int
	Reason string

	// LoseReply does what was asked and closes the connection.
	LoseReply bool

	// JobReason lets a new job end in an error of that reason; it does nothing.
	JobReason string

	// Polls is how often a new job says that it is still running.
	Polls int
}

// Inject lets fault decide about every call from now on. It is called for one
// call at a time.
func (s *Server) Inject(fault func(Call) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// After lets look be called from now on when a call has been done, before its
// reply is sent. It may query the server, and is called by several at once.
func (s *Server) After(look func(Call)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = look
}

// A Job is a job that was accepted.
type Job struct {
	ID     string
	Table  string // where a load or copy goes, with $YYYYMMDD
	URIs   []string
	Reason string // why it failed; empty if it did not
}

// Jobs returns the jobs in the order they were accepted.
func (s *Server) Jobs() []Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Job
	for _, j := range s.order {
		report := Job{ID: j.JobReference.JobId, Table: destination(j.Configuration)}
		if j.Configuration.Load != nil {
			report.URIs = j.Configuration.Load.SourceUris
		}
		if j.Status.ErrorResult != nil {
			report.Reason = j.Status.ErrorResult.Reason
		}
		list = append(list, report)
	}
	return list
}
