// How fresh all this is, and what stands in the way.
import { Badge, Code, Stack, Text, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ApiError, mendOf } from '../../api/errors';
import type { LiveState } from '../../api/events';
import { type Status, statusQuery } from '../../api/spacelift';
import { Notice } from '../../ui/Notice';
import { Time } from '../../ui/Time';
import classes from './Status.module.css';

interface Trouble {
  tone: 'bad' | 'warn' | 'info';
  title: string;
  text: React.ReactNode;
}

/** What a person should know of the state of the sync, the worst first. */
export function troublesOf(status: Status, now = Date.now()): Trouble[] {
  const out: Trouble[] = [];
  const { synced, rateLimitedUntil } = status;
  const error = synced.error && <Failure error={synced.error.error} code={synced.error.code} />;
  if (!synced.complete) {
    out.push(
      synced.error
        ? { tone: 'bad', title: 'Spacelift could not be read yet', text: <>{error} It is tried again by itself.</> }
        : { tone: 'info', title: 'The first sync is under way', text: 'Stacks appear here as soon as all of them have been read.' },
    );
  } else if (synced.error) {
    out.push({
      tone: 'warn',
      title: 'Spacelift cannot be read right now',
      text: <>What you see is from {synced.at ? <Time value={synced.at} /> : 'an earlier sync'}. {error}</>,
    });
  }
  if (rateLimitedUntil && new Date(rateLimitedUntil).getTime() > now) {
    out.push({ tone: 'warn', title: 'Spacelift asks to wait', text: <>It limits requests; the next is sent <Time value={rateLimitedUntil} />.</> });
  } else if (status.breaker === 'open' && !synced.error) {
    out.push({ tone: 'warn', title: 'Spacelift has failed several times', text: 'It is left alone for a moment and then tried again.' });
  }
  return out;
}

function Failure({ error, code }: { error: string; code?: string }) {
  return (
    <>
      {error.replace(/\.?$/, '.')} {mendOf(code)} {code && <Code>{code}</Code>}
    </>
  );
}

/** Whether the notices say already what an answer of the plugin was refused for: as long as nothing was ever read, both are the same. */
export function isTold(error: unknown, status: Status | undefined): boolean {
  const told = status && !status.synced.complete ? status.synced.error : undefined;
  return told !== undefined && error instanceof ApiError && error.code === told.code;
}

export function StatusNotices() {
  const status = useQuery(statusQuery);
  const troubles = status.data ? troublesOf(status.data) : [];
  return (
    // It is there before it says something, so that a change is read out.
    <div aria-live="polite">
      {troubles.length > 0 && (
        <Stack gap="sm" mb="lg">
          {troubles.map((t) => (
            <Notice key={t.title} tone={t.tone} title={t.title}>
              <Text size="sm" component="div" style={{ overflowWrap: 'anywhere' }}>{t.text}</Text>
            </Notice>
          ))}
        </Stack>
      )}
    </div>
  );
}

const liveHints: Record<LiveState, string> = {
  live: 'Changes appear by themselves',
  waiting: 'The connection for live updates is being opened again; until then the page asks now and then',
  off: 'The connection for live updates is being opened',
};

/** The line under the title: the account, the age of what is shown, and what may be done. */
export function SyncLine({ live }: { live: LiveState }) {
  const { data: status } = useQuery(statusQuery);
  if (!status) return null;
  return (
    <>
      <Tooltip label={liveHints[live]}>
        <span className={classes.sync} data-state={status.synced.error ? 'trouble' : live}>
          <span className={classes.dot} aria-hidden />
          {status.synced.at ? <span>synced <Time value={status.synced.at} /></span> : 'not synced yet'}
        </span>
      </Tooltip>
      {status.readOnly ? (
        <Hinted label="Read-only" hint="The configuration of this portal forbids triggering: spacelift.readOnly" />
      ) : (
        !status.canWrite && <Hinted label="Key can only read" hint={`The API key${status.keyName ? ` “${status.keyName}”` : ''} may write to no stack, so that none can be triggered here`} />
      )}
      {status.unknownStates ? (
        <Hinted
          label={`${status.unknownStates.toLocaleString('en')} unknown`}
          hint="So many stacks are in states that this release does not know. They are shown as Spacelift says it"
        />
      ) : null}
    </>
  );
}

function Hinted({ label, hint }: { label: string; hint: string }) {
  return (
    <Tooltip label={hint} multiline maw={320}>
      <Badge component="button" type="button" className={classes.badge} aria-label={`${label}: ${hint}`}>{label}</Badge>
    </Tooltip>
  );
}
