//go:build cgo

package bqtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"

	bq "google.golang.org/api/bigquery/v2"
)

// A job is an accepted job. What it does happens when it is done.
type job struct {
	*bq.Job
	media []byte
	polls int // replies that still say RUNNING
	fails string
	rows  *answer // of a query
}

func (s *Server) jobsInsert(r *http.Request) (Call, action, error) {
	var j bq.Job
	if err := decode(r.Body, &j); err != nil {
		return Call{}, nil, err
	}
	if j.Configuration.Load != nil && len(j.Configuration.Load.SourceUris) == 0 {
		return Call{}, nil, invalid("a load without source URIs is an upload")
	}
	call, act := s.accept(r, &j, nil)
	return call, act, nil
}

// accept begins a job.
func (s *Server) accept(r *http.Request, j *bq.Job, media []byte) (Call, action) {
	project := r.PathValue("project")
	if j.JobReference == nil {
		j.JobReference = &bq.JobReference{}
	}
	return Call{JobID: j.JobReference.JobId, Table: destination(j.Configuration)}, func(fault Fault) (any, error) {
		if j.JobReference.JobId == "" {
			j.JobReference.JobId = fmt.Sprintf("job_%d", s.now())
		}
		id := j.JobReference.JobId
		if s.jobs[id] != nil {
			return nil, duplicate("Job " + project + ":" + id)
		}
		j.JobReference.ProjectId = project
		j.Id = project + ":" + id
		j.Kind = "bigquery#job"
		j.Statistics = &bq.JobStatistics{CreationTime: s.now(), StartTime: s.now()}
		j.Status = &bq.JobStatus{State: "RUNNING"}
		accepted := &job{Job: j, media: media, polls: fault.Polls, fails: fault.JobReason}
		s.jobs[id] = accepted
		s.order = append(s.order, accepted)
		s.progress(accepted)
		return accepted.Job, nil
	}
}

// progress brings a job one reply nearer to its end.
func (s *Server) progress(j *job) {
	if j.Status.State == "DONE" {
		return
	}
	if j.polls > 0 {
		j.polls--
		return
	}
	err := s.perform(j)
	j.media = nil
	j.Statistics.EndTime = s.now()
	j.Status.State = "DONE"
	if err != nil {
		var refused *refusal
		if !errors.As(err, &refused) {
			refused = &refusal{reason: "internalError", message: err.Error()}
		}
		j.Status.ErrorResult = &bq.ErrorProto{Reason: refused.reason, Message: refused.message}
		j.Status.Errors = []*bq.ErrorProto{j.Status.ErrorResult}
	}
}

func (s *Server) perform(j *job) error {
	switch c := j.Configuration; {
	case j.fails != "":
		return &refusal{reason: j.fails, message: "injected"}
	case c.Load != nil:
		rows, err := s.load(c.Load, j.media)
		j.Statistics.Load = &bq.JobStatistics3{OutputRows: rows, InputFiles: 1}
		return err
	case c.Copy != nil:
		return s.copy(c.Copy)
	case c.Query != nil:
		rows, err := s.query(c.Query.Query)
		j.Statistics.Query = &bq.JobStatistics2{StatementType: "SELECT"}
		j.rows = rows
		return err
	}
	return invalid("a job of no kind that is spoken here")
}

func (s *Server) jobsGet(r *http.Request) (Call, action, error) {
	id := r.PathValue("job")
	return Call{JobID: id}, func(Fault) (any, error) {
		j := s.jobs[id]
		if j == nil {
			return nil, notFound("Job " + id)
		}
		s.progress(j)
		return j.Job, nil
	}, nil
}

// destination is where a job writes, with the partition; empty for a query.
func destination(c *bq.JobConfiguration) string {
	switch {
	case c.Load != nil && c.Load.DestinationTable != nil:
		return c.Load.DestinationTable.TableId
	case c.Copy != nil && c.Copy.DestinationTable != nil:
		return c.Copy.DestinationTable.TableId
	}
	return ""
}

// A pendingUpload is a resumable upload that is under way.
type pendingUpload struct {
	job  bq.Job
	data bytes.Buffer
}

// upload takes a job with the file to load: all in one request, or piece by
// piece.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.FormValue("upload_id") != "":
		s.continueUpload(w, r)
	case r.FormValue("uploadType") == "resumable":
		s.beginUpload(w, r)
	default:
		var call Call
		var act action
		j, media, err := readMultipart(r)
		if err == nil {
			call, act = s.accept(r, j, media)
		}
		s.answer(w, "jobs.insert", call, act, err)
	}
}

func readMultipart(r *http.Request) (*bq.Job, []byte, error) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, nil, invalid("content type: %v", err)
	}
	parts := multipart.NewReader(r.Body, params["boundary"])
	head, err := parts.NextPart()
	if err != nil {
		return nil, nil, invalid("first part: %v", err)
	}
	var j bq.Job
	if err := decode(head, &j); err != nil {
		return nil, nil, err
	}
	body, err := parts.NextPart()
	if err != nil {
		return nil, nil, invalid("second part: %v", err)
	}
	media, err := io.ReadAll(body)
	if err != nil {
		return nil, nil, invalid("second part: %v", err)
	}
	return &j, media, nil
}

func (s *Server) beginUpload(w http.ResponseWriter, r *http.Request) {
	var pending pendingUpload
	if err := decode(r.Body, &pending.job); err != nil {
		s.answer(w, "jobs.insert", Call{}, nil, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := strconv.FormatInt(s.now(), 10)
	s.uploads[id] = &pending
	w.Header().Set("Location", s.URL+r.URL.Path+"?uploadType=resumable&upload_id="+id)
}

func (s *Server) continueUpload(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	pending := s.uploads[r.FormValue("upload_id")]
	s.mu.Unlock()
	var start, end, size int64
	span := r.Header.Get("Content-Range")
	_, err := fmt.Sscanf(span, "bytes %d-%d/%d", &start, &end, &size)
	last := err == nil
	if !last {
		if _, err = fmt.Sscanf(span, "bytes */%d", &size); err == nil {
			last, start = true, size
		} else {
			_, err = fmt.Sscanf(span, "bytes %d-%d/*", &start, &end)
		}
	}
	switch {
	case pending == nil:
		err = notFound("upload")
	case err != nil:
		err = invalid("content range %q", span)
	case start != int64(pending.data.Len()):
		err = invalid("chunk begins at %d, have %d bytes", start, pending.data.Len())
	default:
		_, err = pending.data.ReadFrom(r.Body)
	}
	if err != nil {
		s.answer(w, "jobs.insert", Call{}, nil, err)
		return
	}
	if !last {
		w.Header().Set("X-Http-Status-Code-Override", "308")
		w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", pending.data.Len()-1))
		return
	}
	call, act := s.accept(r, &pending.job, pending.data.Bytes())
	s.answer(w, "jobs.insert", call, act, nil)
}
