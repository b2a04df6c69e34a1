/** More characters than this are a path that nobody reads at a glance. */
const long = 44;

/**
 * A path or an address, shortened in the middle: where it begins (a host, or the first folder) and as much of its end as
 * fits. The last part is always whole.
 */
export function shortPath(path: string, most = long): string {
  if (path.length <= most) return path;
  const [, head = '', rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/[^/]+\/|\/?[^/]+\/)(.*)$/i.exec(path) ?? [];
  const parts = rest.split('/');
  let tail = parts.pop() ?? '';
  let left = parts.length;
  while (left > 0 && head.length + 2 + tail.length + 1 + (parts[left - 1]?.length ?? 0) <= most) tail = `${parts[--left]}/${tail}`;
  return head === '' || left === 0 ? path : `${head}…/${tail}`;
}

/** The parts of a key such as `acme.example.com/tier`: before and after its slash, each with the pieces between its dots. */
export function keyParts(key: string): string[][] {
  return pathPieces(key).map((part) => part.match(/[^.]*\.+|[^.]+$/g) ?? [part]);
}

/** The pieces between which a path may be broken: after its slashes, several of them being one. */
export function pathPieces(path: string): string[] {
  return path.match(/[^/]*\/+|[^/]+$/g) ?? [];
}
