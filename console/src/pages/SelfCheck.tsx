// What the server depends on, and how it was found: the same steps as `understudy check` prints.
import { Button, Group, Loader, Skeleton, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import IconStethoscope from '@tabler/icons-react/dist/esm/icons/IconStethoscope.mjs';
import IconPrinter from '@tabler/icons-react/dist/esm/icons/IconPrinter.mjs';
import IconRun from '@tabler/icons-react/dist/esm/icons/IconPlayerPlay.mjs';
import { type Check, checkQuery, type CheckStep, runCheck } from '../api/system';
import { EmptyState } from '../ui/EmptyState';
import { ErrorState } from '../ui/ErrorState';
import { Status } from '../ui/Status';
import { Time } from '../ui/Time';
import { outcomes, tookText } from './checks';
import classes from './SelfCheck.module.css';

export default function SelfCheck() {
  const queryClient = useQueryClient();
  const last = useQuery(checkQuery);
  const run = useMutation({
    mutationFn: runCheck,
    onSuccess: (check) => queryClient.setQueryData(checkQuery.queryKey, check),
  });
  if (last.isError && !last.data) return <ErrorState error={last.error} onRetry={() => void last.refetch()} />;
  if (!last.data) {
    return (
      <Stack gap="sm" aria-busy="true">
        {Array.from({ length: 6 }, (_, i) => <Skeleton key={i} h={52} radius="md" />)}
      </Stack>
    );
  }
  const button = (
    <Button leftSection={<IconRun size={16} aria-hidden />} loading={run.isPending} onClick={() => run.mutate()}>
      Check now
    </Button>
  );
  return (
    <Stack gap="md">
      {run.isError && <ErrorState error={run.error} onRetry={() => run.mutate()} />}
      <Progress running={run.isPending} done={run.isSuccess ? run.data : undefined} />
      {last.data.checkedAt ? (
        <Found check={last.data} button={button} />
      ) : (
        !run.isPending && (
          <EmptyState icon={IconStethoscope} title="Not checked yet" action={<div style={{ marginTop: 12 }}>{button}</div>}>
            A check looks at the configuration, the database, Backstage and the services that plugins use, and says what to do
            about what it finds. It changes nothing. On the server, <code>understudy check</code> does the same.
          </EmptyState>
        )
      )}
    </Stack>
  );
}

/** Heard by those who do not see the list. */
function Progress({ running, done }: { running: boolean; done: Check | undefined }) {
  return (
    <div role="status">
      {running ? (
        <Group gap="sm" wrap="nowrap">
          <Loader size="sm" aria-hidden />
          <Text size="sm">Looking at everything. This can take a minute.</Text>
        </Group>
      ) : (
        done && <VisuallyHidden>{`Checked: ${counted(done).map(([outcome, n]) => `${n} ${outcomes[outcome].word.toLowerCase()}`).join(', ')}`}</VisuallyHidden>
      )}
    </div>
  );
}

function counted(check: Check): [CheckStep['outcome'], number][] {
  const counts: [CheckStep['outcome'], number][] = [['failed', check.failed], ['warning', check.warnings], ['passed', check.passed], ['skipped', check.skipped]];
  return counts.filter(([, n]) => n > 0);
}

function Found({ check, button }: { check: Check; button: ReactNode }) {
  return (
    <section aria-label="Self-check">
      <div className={classes.head}>
        <div>
          <div className={classes.counts}>
            {counted(check).map(([outcome, n]) => (
              <Status key={outcome} tone={outcomes[outcome].tone}>{`${n} ${outcomes[outcome].word.toLowerCase()}`}</Status>
            ))}
          </div>
          <Text size="sm" c="dimmed" component="div" mt={4}>
            Checked <Time value={check.checkedAt ?? ''} />, in {tookText(check.tookMillis)}
          </Text>
        </div>
        <Group gap="xs" className={classes.actions}>
          <Button variant="default" leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => window.print()}>
            Print
          </Button>
          {button}
        </Group>
      </div>
      <ul className={classes.steps}>
        {check.steps.map((step, i) => <Step key={`${step.id} ${i}`} step={step} />)}
      </ul>
    </section>
  );
}

function Step({ step }: { step: CheckStep }) {
  const { tone, word } = outcomes[step.outcome];
  return (
    <li className={classes.step} data-outcome={step.outcome}>
      <Status tone={tone}>{word}</Status>
      <div>
        <p className={classes.title}>{step.title}</p>
        {step.detail && <p className={classes.detail}>{step.detail}</p>}
        {step.fix && <p className={classes.fix}>{step.fix}</p>}
      </div>
    </li>
  );
}
