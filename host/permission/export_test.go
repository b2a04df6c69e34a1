package permission

import "time"

// SetTimes lets tests wait less.
func SetTimes(s *Service, timeout, pause time.Duration) { s.timeout, s.pause = timeout, pause }
