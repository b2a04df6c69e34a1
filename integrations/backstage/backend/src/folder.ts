import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

// A folder's name tells whose it is. Process numbers mean something on one host only, and containers may share a folder.
const PREFIX = `understudy-memory-${hostname()}-`;

/** Makes a folder that stands for a database in memory, for as long as this process lives. */
export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
}

/** Removes what processes that were killed, or had no end of their own, have left behind. */
export function sweepFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(PREFIX) ? /^(\d+)-\w+$/.exec(name.slice(PREFIX.length))?.[1] : undefined;
    if (!owner) continue;
    const folder = join(tmpdir(), name);
    try {
      const { mtimeMs, uid } = lstatSync(folder);
      if (uid !== (process.getuid?.() ?? uid) || lives(Number(owner), mtimeMs)) continue;
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Somebody else has removed it, or it cannot be: nothing depends on that.
    }
  }
}

/** Whether the owner is there. In a container each start may have the same number, and what is older than this one is not its. */
function lives(owner: number, changed: number): boolean {
  if (owner === process.pid) return changed >= performance.timeOrigin;
  try {
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
