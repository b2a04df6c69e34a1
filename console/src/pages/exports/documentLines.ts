// A document as lines of YAML or JSON, each with the key that it belongs to, so that lines can be coloured and marked.
import { toYaml } from '../../api/yaml';
import type { Format } from './search';

export interface DocumentLine {
  /** What stands before the key: space, and the dash of a list. All of the line where it has no key. */
  lead: string;
  /** As it is written, with its quotes. */
  key?: string;
  /** What follows the colon. */
  value?: string;
  /** Keys from the root, with dots between. */
  path: string;
}

const shapes = {
  yaml: /^(\s*(?:- )*)("(?:[^"\\]|\\.)*"|[^\s"#-](?:[^:]|:(?! |$))*):( .*)?$/,
  json: /^(\s*)("(?:[^"\\]|\\.)*"):( .*)?$/,
};

/** What a person looks for first; the server's order is that of the alphabet. */
const first = ['id', 'blueprintId', 'title', 'description', 'isActive', 'isHidden', 'properties', 'relations', 'sources'];

export function sourceOf(document: Record<string, unknown>, format: Format): string {
  const known = first.filter((key) => Object.hasOwn(document, key)).map((key) => [key, document[key]]);
  const ordered = { ...Object.fromEntries(known), ...document };
  return format === 'json' ? `${JSON.stringify(ordered, null, 2)}\n` : toYaml(ordered);
}

export function documentLines(source: string, format: Format): DocumentLine[] {
  const open: { indent: number; key: string }[] = [];
  return source.replace(/\n$/, '').split('\n').map((text) => {
    const match = shapes[format].exec(text);
    const indent = match ? match[1]!.length : /^\s*/.exec(text)![0].length;
    // A line without a key at the indentation of one still belongs to it: a closing bracket, or a list as YAML writes it.
    while (open.length > 0 && (match ? open.at(-1)!.indent >= indent : open.at(-1)!.indent > indent)) open.pop();
    if (match) open.push({ indent, key: unquoted(match[2]!) });
    const path = open.map((o) => o.key).join('.');
    return match ? { lead: match[1]!, key: match[2]!, value: match[3] ?? '', path } : { lead: text, path };
  });
}

function unquoted(key: string): string {
  if (!key.startsWith('"')) return key;
  try {
    return String(JSON.parse(key));
  } catch {
    return key;
  }
}

/** Whether a line belongs to one of the keys. */
export function belongsTo(path: string, keys: readonly string[]): boolean {
  return keys.some((key) => path === key || path.startsWith(`${key}.`));
}
