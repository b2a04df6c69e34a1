package permission

import "time"

// SetNow sets the clock.
func SetNow(s *Service, now func() time.Time) { s.now = now }

// SetTimes lets tests wait less.
func SetTimes(s *Service, timeout, pause time.Duration) { s.timeout, s.pause = timeout, pause }
