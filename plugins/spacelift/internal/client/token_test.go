package client

import (
	"encoding/base64"
	"testing"
	"time"
)

func jwt(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

func TestLifetime(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	tests := map[string]struct {
		jwt        string
		validUntil seconds
		date       time.Time
		want       time.Duration
	}{
		"valid until":                       {jwt("{}"), 1_700_003_600, time.Time{}, time.Hour},
		"valid until, and a shorter claim":  {jwt(`{"iat":1700000000,"exp":1700000060}`), 1_700_003_600, time.Time{}, time.Minute},
		"claim with a fraction":             {jwt(`{"exp":1700000090.75}`), 0, time.Time{}, 90 * time.Second},
		"our clock is ahead":                {jwt("{}"), 1_700_000_000 - 3600 + 120, now.Add(-time.Hour), 2 * time.Minute},
		"our clock is behind":               {jwt("{}"), 1_700_000_000 + 3600 + 120, now.Add(time.Hour), 2 * time.Minute},
		"expired on arrival":                {jwt(`{"iat":1600000000,"exp":1600003600}`), 1_600_003_600, now, time.Hour},
		"expired on arrival, nobody knows":  {jwt("{}"), 1_600_000_000, now, time.Minute},
		"nothing said":                      {"opaque", 0, now, time.Minute},
		"garbage":                           {"a.%%%.c", 0, now, time.Minute},
		"a claim of another type":           {jwt(`{"exp":"soon"}`), 0, now, time.Minute},
		"an absurd claim":                   {jwt(`{"exp":1e300,"iat":1}`), 0, now, 1e9 * time.Second},
		"padding, which some libraries add": {"e30.eyJleHAiOjE3MDAwMDAwOTB9==.c", 0, now, 90 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := lifetime(test.jwt, test.validUntil, test.date, now); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}
