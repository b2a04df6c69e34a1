package tail

import (
	"unicode/utf8"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

// phase is one stay of the run in a state, with what is kept of its log.
type phase struct {
	client.Transition
	// chunks are what is kept, oldest first. What is before the first one is gone.
	chunks []chunk
	total  int // messages that were read, kept or not
	// token is the place to ask for next, and seen how many of the messages from there on were read already: where Spacelift
	// names no new place, the old one is asked for again.
	token string
	seen  int
	// done means that there is nothing more to come; expired that the log was deleted.
	done, expired bool
}

// chunk are messages that follow each other.
type chunk struct {
	first    int
	messages []client.LogMessage
	bytes    int
}

const (
	// chunkMost and chunkBytes bound what a viewer gets at once, and what is forgotten at once.
	chunkMost  = 200
	chunkBytes = 128 << 10
	// messageMost is far above what a line has; the rest is cut.
	messageMost = 64 << 10
	// messageCost is what a message takes beside its text.
	messageCost = 64
	cutMark     = "… (cut)\n"
)

// shorten cuts messages that are too long, and returns what all take.
func shorten(messages []client.LogMessage) (size int) {
	for i, m := range messages {
		if len(m.Text) > messageMost {
			end := messageMost
			for !utf8.RuneStart(m.Text[end]) {
				end--
			}
			// A copy, so that the rest can be freed.
			messages[i].Text = m.Text[:end] + cutMark
		}
		size += cost(messages[i])
	}
	return size
}

// advance takes over the next place of a page, and returns those of its messages that were not read before.
func (p *phase) advance(page client.LogPage) (fresh []client.LogMessage, moved bool) {
	fresh = page.Messages[min(p.seen, len(page.Messages)):]
	if page.NextToken == "" || page.NextToken == p.token {
		p.seen += len(fresh)
		return fresh, false
	}
	p.token, p.seen = page.NextToken, 0
	return fresh, true
}

// add takes messages that follow those that were read.
func (p *phase) add(messages []client.LogMessage) {
	for _, m := range messages {
		n := len(p.chunks)
		if n == 0 || len(p.chunks[n-1].messages) >= chunkMost || p.chunks[n-1].bytes >= chunkBytes {
			p.chunks = append(p.chunks, chunk{first: p.total})
			n++
		}
		last := &p.chunks[n-1]
		// A viewer may hold what was there, which ends where the new message begins.
		last.messages = append(last.messages, m)
		last.bytes += cost(m)
		p.total++
	}
}

func cost(m client.LogMessage) int { return len(m.Text) + messageCost }

// drop forgets the oldest chunk.
func (p *phase) drop() (count, bytes int) {
	old := p.chunks[0]
	p.chunks[0] = chunk{} // the array stays
	p.chunks = p.chunks[1:]
	return len(old.messages), old.bytes
}

// kept is the first message that is kept, or total if there is none.
func (p *phase) kept() int {
	if len(p.chunks) == 0 {
		return p.total
	}
	return p.chunks[0].first
}

// from returns the messages that are kept together with the message n, from it on.
func (p *phase) from(n int) []client.LogMessage {
	for _, c := range p.chunks {
		if end := c.first + len(c.messages); n < end {
			return c.messages[n-c.first : len(c.messages) : len(c.messages)]
		}
	}
	return nil
}
