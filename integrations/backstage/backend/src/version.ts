import type { LoggerService } from '@backstage/backend-plugin-api';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** This package's version. */
export const BRIDGE: string = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')).version;

const SEMVER = /^v?(\d+)\.(\d+)\.(\d+)/;
const TIMEOUT = 5_000;

/**
 * The rule: with another major version nothing is passed on, with another minor or patch one a warning is logged, and a
 * build without a version of its own is not compared.
 *
 * @returns why the two do not go together; undefined where they do.
 */
export function judge(understudy: string | null, logger: LoggerService): string | undefined {
  const ours = SEMVER.exec(BRIDGE);
  const theirs = SEMVER.exec(understudy ?? '');
  if (understudy === null) {
    logger.warn('what answers tells no version: it is an older Understudy, or something else', { bridge: BRIDGE });
  } else if (!ours || !theirs) {
    logger.info(`Understudy ${understudy} is a build without a version, and is not compared`, { bridge: BRIDGE });
  } else if (ours[1] !== theirs[1]) {
    return `Understudy is of version ${understudy}, and its bridge of ${BRIDGE}: the first number must be the same, install @understudy/backstage-plugin-backend@^${theirs[1]}`;
  } else if (ours[2] !== theirs[2] || ours[3] !== theirs[3]) {
    logger.warn(`Understudy is of version ${understudy}, and its bridge of ${BRIDGE}: install the same of both`);
  } else {
    logger.info(`Understudy ${understudy} is there`, { bridge: BRIDGE });
  }
  return undefined;
}

/** Asks for the version, and tells ours. It throws where nothing answers. */
export async function askVersion(base: URL, signal: AbortSignal): Promise<string | null> {
  const answer = await fetch(new URL(`${base.pathname.replace(/\/$/, '')}/.backstage/health/v1/liveness`, base), {
    headers: { 'Understudy-Bridge': BRIDGE },
    redirect: 'manual',
    signal: AbortSignal.any ? AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]) : AbortSignal.timeout(TIMEOUT),
  });
  await answer.body?.cancel();
  if (answer.status !== 200) {
    throw new Error(`${base.origin} answered ${answer.status} when asked whether it lives`);
  }
  return answer.headers.get('Understudy-Version');
}
