// A run's log as one text, put together from what comes.
import type { RunLogEvent } from '../api/SpaceliftApi';
import { stateText } from './states';

/** A page with more than this is no help to anybody; the whole log is at Spacelift. */
const longest = 5_000_000;

const bold = (text: string) => `\u001b[1m${text}\u001b[0m\n`;

export class LogText {
  text = '';
  /** Where to go on after what has come. */
  token?: string;
  done = false;
  trouble?: string;
  private phases = new Set<number>();

  add(event: RunLogEvent): void {
    if (event.token !== undefined) this.token = event.token;
    if (event.type !== 'heartbeat') this.trouble = event.type === 'trouble' ? (event.error ?? 'The log cannot be read just now') : undefined;
    switch (event.type) {
      case 'phase':
        if (event.hasLogs) this.phase(event.state, event.stateVersion);
        break;
      case 'log':
        this.phase(event.state, event.stateVersion);
        for (const { message } of event.messages ?? []) this.write(message);
        break;
      case 'expired':
        this.line(bold(`The log of ${stateText(event.state ?? '').toLowerCase()} is older than Spacelift keeps logs.`));
        break;
      case 'skipped':
        this.line(bold('Some of the log is left out here. The whole of it is at Spacelift.'));
        break;
      case 'done':
        this.done = true;
        break;
      default:
    }
  }

  /** Messages may end in a newline or not. */
  private write(message: string): void {
    if (this.text.length < longest) this.text += message.endsWith('\n') ? message : `${message}\n`;
  }

  private phase(state = '', version = -1): void {
    if (this.phases.has(version)) return;
    this.phases.add(version);
    this.line(bold(`── ${stateText(state)} ──`));
  }

  private line(text: string): void {
    this.write(text);
  }
}
