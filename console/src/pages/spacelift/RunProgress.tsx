import { Anchor, Group, Text, VisuallyHidden } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import IconOut from '@tabler/icons-react/dist/esm/icons/IconExternalLink.mjs';
import { advise } from '../../api/errors';
import { safeUrl } from '../../api/entity';
import { type Run, runsQuery } from '../../api/spacelift';
import { Time } from '../../ui/Time';
import { Delta } from './Delta';
import classes from './RunProgress.module.css';
import { StateChip } from './StateChip';
import { isFinal, phaseOf, phases, stateText, toneOf } from './states';

interface Props {
  stackId: string;
  runId: string;
  /** Its state as long as it cannot be read. */
  state?: string;
}

/** How far a run is, kept current until it is over. */
export function RunProgress({ stackId, runId, state: first }: Props) {
  const runs = useInfiniteQuery(runsQuery(stackId, 'tracked'));
  const run = runs.data?.pages.flatMap((p) => p.items).find((r) => r.id === runId);
  const state = run?.state ?? first ?? 'QUEUED';
  const reached = useFurthest(state);
  const lost = runs.isError && !isFinal(state) && runs.dataUpdatedAt > 0 ? { at: new Date(runs.dataUpdatedAt).toISOString() } : undefined;
  const url = safeUrl(run?.url);
  return (
    <div>
      <Group justify="space-between" gap="sm" mb="sm">
        <Group gap="sm">
          <StateChip state={state} large />
          <Delta delta={run?.delta} />
        </Group>
        {url && (
          <Anchor href={url} target="_blank" rel="noreferrer" size="sm" className={classes.out}>
            Run at Spacelift <IconOut size={15} stroke={1.6} aria-hidden />
          </Anchor>
        )}
      </Group>
      <ol className={classes.phases} data-tone={toneOf(state)} aria-label="Phases of the run">
        {phases.map((phase, i) => (
          <li key={phase} data-at={placeOf(i, state, reached)} aria-current={i === reached && !isFinal(state) ? 'step' : undefined}>
            <span className={classes.bar} aria-hidden />
            {phase}
          </li>
        ))}
      </ol>
      <Text size="sm" c="dimmed" mt="sm" component="div" role={lost ? 'status' : undefined}>
        {lost ? <>{advise(runs.error).title}: this is how the run stood <Time value={lost.at} />. It is asked again by itself.</> : whatNext(state, run)}
      </Text>
      <VisuallyHidden role="status">{`The run is ${stateText(state).toLowerCase()}`}</VisuallyHidden>
    </div>
  );
}

/** The last phase before the end that the run was seen in: a run that fails does not say where it was. */
function useFurthest(state: string): number {
  const furthest = useRef(0);
  const now = phaseOf(state);
  if (isFinal(state)) return state === 'FINISHED' ? phases.length - 1 : furthest.current;
  if (now !== undefined) furthest.current = now;
  return furthest.current;
}

function placeOf(i: number, state: string, reached: number): 'done' | 'here' | 'ahead' {
  if (state === 'FINISHED') return 'done';
  if (i < reached) return 'done';
  return i === reached ? 'here' : 'ahead';
}

function whatNext(state: string, run: Run | undefined): string {
  if (state === 'UNCONFIRMED') return 'The plan is ready. Somebody has to confirm or discard it at Spacelift.';
  if (state === 'PENDING_REVIEW' || run?.needsApproval) return 'It waits for an approval at Spacelift.';
  if (state === 'QUEUED') return 'It waits for the runs before it.';
  if (state === 'READY') return 'It waits for a free worker.';
  if (state === 'FINISHED') return 'It went well.';
  if (state === 'FAILED') return 'It failed. Its page at Spacelift has the log.';
  if (isFinal(state)) return `It was ${stateText(state).toLowerCase()}.`;
  return 'This is kept current until the run is over.';
}
