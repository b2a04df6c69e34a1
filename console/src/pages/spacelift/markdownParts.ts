// The little of Markdown that people write in descriptions. It is made into pieces, never into HTML: the text is a
// stranger's.

export type Inline =
  | { kind: 'text' | 'code' | 'strong' | 'em'; text: string }
  | { kind: 'link'; text: string; url: string };

export type Block = { kind: 'paragraph' | 'heading'; text: Inline[] } | { kind: 'list'; items: Inline[][] } | { kind: 'code'; text: string };

const marks = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^()\s]+)\)|(?<![\w*])[*_]([^*_]+)[*_](?![\w*])|(https?:\/\/[^\s<>()]*[^\s<>().,;:!?])/g;

export function inlines(text: string): Inline[] {
  const out: Inline[] = [];
  let at = 0;
  for (const match of text.matchAll(marks)) {
    if (match.index > at) out.push({ kind: 'text', text: text.slice(at, match.index) });
    const [all, code, strong, label, url, em, bare] = match;
    if (code !== undefined) out.push({ kind: 'code', text: code });
    else if (strong !== undefined) out.push({ kind: 'strong', text: strong });
    else if (label !== undefined && url !== undefined) out.push({ kind: 'link', text: label, url });
    else if (em !== undefined) out.push({ kind: 'em', text: em });
    else out.push({ kind: 'link', text: bare!, url: bare! });
    at = match.index + all.length;
  }
  if (at < text.length) out.push({ kind: 'text', text: text.slice(at) });
  return out;
}

export function blocks(text: string): Block[] {
  return text
    .replaceAll('\r\n', '\n')
    .split(/(```[^\n]*\n[\s\S]*?\n```)|\n\s*\n/)
    .filter((part): part is string => Boolean(part?.trim()))
    .flatMap(blockOf);
}

const bullet = /^\s*(?:[-*+]|\d+[.)])\s+/;

function blockOf(part: string): Block[] {
  const fence = /^```[^\n]*\n([\s\S]*?)\n```$/.exec(part.trim());
  if (fence) return [{ kind: 'code', text: fence[1]! }];
  const out: Block[] = [];
  for (const line of part.trim().split('\n')) {
    const last = out.at(-1);
    if (/^#{1,6}\s/.test(line)) out.push({ kind: 'heading', text: inlines(line.replace(/^#+\s+/, '')) });
    else if (bullet.test(line)) {
      const item = inlines(line.replace(bullet, ''));
      if (last?.kind === 'list') last.items.push(item);
      else out.push({ kind: 'list', items: [item] });
    } else if (last?.kind === 'paragraph') last.text.push({ kind: 'text', text: ' ' }, ...inlines(line.trim()));
    else out.push({ kind: 'paragraph', text: inlines(line.trim()) });
  }
  return out;
}

/** The words alone, in one line. */
export function plain(text: string): string {
  const words = (parts: Inline[]) => parts.map((part) => part.text).join('');
  return blocks(text)
    .map((block) => (block.kind === 'list' ? block.items.map(words).join(', ') : block.kind === 'code' ? block.text : words(block.text)))
    .join(' ')
    .replaceAll(/\s+/g, ' ');
}
