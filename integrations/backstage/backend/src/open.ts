import type { LoggerService } from '@backstage/backend-plugin-api';
import type { BridgeConfig } from './config';
import type { Launch } from './launch';
import { Passages } from './pass';
import { Supervisor } from './supervisor';
import { follow, Upstream } from './upstream';

/** A way to Understudy that is open. */
export interface Bridge {
  upstream: Upstream;
  passages: Passages;
  stop(): Promise<void>;
}

/** Opens the way to Understudy, and starts it where it is a program. It does not wait: requests do. */
export function open(at: BridgeConfig['at'], node: Launch, logger: LoggerService): Bridge {
  const upstream = new Upstream();
  const passages = new Passages();
  const supervisor = 'binary' in at ? new Supervisor(at.binary, node, upstream, logger) : undefined;
  const work = 'url' in at ? follow(upstream, at.url, logger) : supervisor!.run();
  work.catch(error => {
    logger.error('the bridge to Understudy has failed', error);
    upstream.down(`the bridge to Understudy has failed: ${error}`);
  });
  return {
    upstream,
    passages,
    async stop() {
      upstream.stop();
      // Understudy, asked to end, ends what is on its way.
      await Promise.all([supervisor?.stop(), passages.close()]);
    },
  };
}
