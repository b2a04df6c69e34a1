// Writes an entity as YAML. A writer of forty lines in place of a library of a hundred kilobytes: it only needs to write
// what JSON can hold, and quotes whenever in doubt.

/** Strings that YAML 1.1 or 1.2 would read as something else, or that begin like a number or a date. */
const odd = new RegExp(
  [
    '', '~', 'null', 'true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n', '=', '<<', '-+', '---.*', String.raw`\.\.\..*`,
    String.raw`[-+]?\.(?:inf|nan)`, // not finite
    String.raw`[-+]?[\d.][\d_.,]*(?:e[-+]?\d+)?`, // numbers, in any notation somebody may have thought of
    String.raw`[-+]?0[xob][\da-f_]*`,
    String.raw`[-+]?\d[\d_]*(?::[\d_.]*)+`, // base sixty
    String.raw`\d{4}-\d\d?-\d\d?(?:[t\s].*)?`, // dates
  ].map((p) => `^(?:${p})$`).join('|'),
  'i',
);
const plain = /^[\p{L}\p{N}_/][\p{L}\p{N} _./@+()$=;~^-]*$/u;
const plainInner = /^[\p{L}\p{N}_/](?:[\p{L}\p{N} _./@+()$=;~^,'"!?*&%<>|[\]{}-]|:(?! |$)|#)*$/u;

export function toYaml(value: unknown): string {
  return block(value, 0).replace(/^\n/, '') + '\n';
}

function block(value: unknown, indent: number): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []';
    return value.map((item) => `\n${pad(indent)}-${item_(item, indent + 2)}`).join('');
  }
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value);
    if (entries.length === 0) return ' {}';
    return entries.map(([key, v]) => `\n${pad(indent)}${scalar(key)}:${member(v, indent)}`).join('');
  }
  return ` ${typeof value === 'string' ? text(value, indent) : String(value)}`;
}

/** The first member of an object in a list stands beside the dash. */
function item_(value: unknown, indent: number): string {
  const written = block(value, indent);
  return written.startsWith('\n') ? ` ${written.slice(1 + indent)}` : written;
}

function member(value: unknown, indent: number): string {
  return block(value, indent + 2);
}

function text(value: string, indent: number): string {
  // A literal block keeps lines as they are; not for text whose first line is indented or whose lines end in blanks.
  if (value.includes('\n') && /^[^\s]/.test(value) && !/[^\S\n]\n|[^\S\n]$|[^\n\t\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\u{10000}-\u{10ffff}]/u.test(value)) {
    const chomp = /\n\n$/.test(value) ? '+' : value.endsWith('\n') ? '' : '-';
    const lines = (chomp === '-' ? value : value.slice(0, -1)).split('\n');
    return `|${chomp}\n${lines.map((l) => (l === '' ? '' : pad(Math.max(indent, 2)) + l)).join('\n')}`;
  }
  return scalar(value);
}

function scalar(value: string): string {
  const simple = !odd.test(value) && !/\s$/.test(value) && (plain.test(value) || (plainInner.test(value) && !value.includes(' #')));
  return simple ? value : JSON.stringify(value);
}

function pad(n: number): string {
  return ' '.repeat(n);
}
