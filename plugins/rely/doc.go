// Package rely is the Rely plugin: the official plugin's configuration, mounts and routes over the export engine
// (export.md 1). It reads, decides nothing of its own, and puts three things together: the mapping (export/mapping), the
// destination (export/rely), and the engine (export). Without a section "rely" it is off.
package rely
