// Package stream sends a page the news that it waits for, one JSON object a line, for as long as it stays.
//
// A stream ends with an event of the type end: when the server stops, when the caller's token expires, after fifteen
// minutes, or when there will be no more news. The page connects again then. Heartbeats keep proxies from taking it for
// dead. How many streams there are at once is bounded, in all and for each caller,
// since each holds a connection.
package stream
