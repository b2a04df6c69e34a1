// A run's log as one text, put together from what comes.
import type { RunLogEvent } from '../api/SpaceliftApi';
import { stateText } from './states';

/** A page with more than this is no help to anybody; the whole log is at Spacelift. */
const longest = 5_000_000;
/** What stays when it is too long. Less than `longest`, so that it is not cut with each message. */
const kept = 4_000_000;
/** A line longer than this is cut inside. */
const longestLine = 100_000;

const bold = (text: string) => `\u001b[1m${text}\u001b[0m\n`;

export class LogText {
  text = '';
  /** How much was written, kept or not. */
  written = 0;
  /** Where to go on after what has come. */
  token?: string;
  done = false;
  /** Some of the log is not in the text. */
  partial = false;
  trouble?: string;
  private phases = new Set<number>();

  add(event: RunLogEvent): void {
    if (event.token !== undefined) this.token = event.token;
    // Neither a heartbeat nor the end of a stream says that the trouble is over.
    if (event.type === 'trouble') this.trouble = event.error ?? 'The log cannot be read just now';
    else if (event.type !== 'heartbeat' && event.type !== 'end') this.trouble = undefined;
    switch (event.type) {
      case 'phase':
        if (event.hasLogs) this.phase(event.state, event.stateVersion);
        break;
      case 'log':
        this.phase(event.state, event.stateVersion);
        for (const { message } of event.messages ?? []) this.write(message);
        break;
      case 'expired':
        this.partial = true;
        this.write(bold(`The log of ${stateText(event.state ?? '').toLowerCase()} is older than Spacelift keeps logs.`));
        break;
      case 'skipped':
        this.partial = true;
        this.write(bold('Some of the log is left out here. The whole of it is at Spacelift.'));
        break;
      case 'done':
        this.done = true;
        break;
      default:
    }
  }

  /** Messages may end in a newline or not. */
  private write(message: string): void {
    const line = message.endsWith('\n') ? message : `${message}\n`;
    this.text += line;
    this.written += line.length;
    if (this.text.length > longest) this.cut();
  }

  /** Why a run failed is at the end of its log: what goes is the beginning. */
  private cut(): void {
    const least = this.text.length - kept;
    const line = this.text.indexOf('\n', least) + 1;
    const from = line > 0 && line - least < longestLine ? line : least;
    this.partial = true;
    this.text = bold('The beginning of the log is left out here. The whole of it is at Spacelift.') + this.text.slice(from);
  }

  private phase(state = '', version = -1): void {
    if (this.phases.has(version)) return;
    this.phases.add(version);
    this.write(bold(`── ${stateText(state)} ──`));
  }
}
