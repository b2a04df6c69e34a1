// A document as lines of YAML or JSON, each with the key that it belongs to, so that lines can be marked.
import { toYaml } from '../../api/yaml';
import type { Format } from './search';

export interface DocumentLine {
  text: string;
  /** Keys from the root, with dots between. */
  path: string;
}

const keyed = {
  yaml: /^(\s*(?:- )*)("(?:[^"\\]|\\.)*"|[^\s:"#-][^:]*?):(?: |$)/,
  json: /^(\s*)("(?:[^"\\]|\\.)*"): /,
};

export function sourceOf(document: unknown, format: Format): string {
  return format === 'json' ? `${JSON.stringify(document, null, 2)}\n` : toYaml(document);
}

export function documentLines(source: string, format: Format): DocumentLine[] {
  const open: { indent: number; key: string }[] = [];
  return source.replace(/\n$/, '').split('\n').map((text) => {
    const indent = /^\s*/.exec(text)![0].length;
    const closing = format === 'json' && /^\s*[}\]]/.test(text);
    while (open.length > 0 && (open.at(-1)!.indent > indent || (open.at(-1)!.indent === indent && !closing && !listOf(text, format)))) open.pop();
    const match = keyed[format].exec(text);
    if (match) {
      const at = match[1]!.length;
      while (open.length > 0 && open.at(-1)!.indent >= at) open.pop();
      open.push({ indent: at, key: unquoted(match[2]!) });
    }
    return { text, path: open.map((o) => o.key).join('.') };
  });
}

/** YAML may write a list at the indentation of its key. */
function listOf(text: string, format: Format): boolean {
  return format === 'yaml' && /^\s*-(?: |$)/.test(text);
}

function unquoted(key: string): string {
  if (!key.startsWith('"')) return key;
  try {
    return String(JSON.parse(key));
  } catch {
    return key;
  }
}

/** Whether a line belongs to one of the keys, which may be written from the root or by their last part. */
export function belongsTo(path: string, keys: readonly string[]): boolean {
  return keys.some((key) => path === key || path.startsWith(`${key}.`));
}
