// Asks before it triggers, and tells the truth about what came of it.
import { Button, Code, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useMatch } from '@tanstack/react-router';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { session } from '../../api/session';
import { reasonLimit, runsQuery, type Stack as SpaceliftStack, stackQuery, triggerRun } from '../../api/spacelift';
import { ErrorState } from '../../ui/ErrorState';
import { Notice } from '../../ui/Notice';
import { Time } from '../../ui/Time';
import { useOnce } from '../../ui/useOnce';
import { CommitLine } from './CommitLine';
import { refresh } from './live';
import { Pending, Person } from './Pending';
import { RunProgress } from './RunProgress';
import classes from './TriggerDialog.module.css';
import { refusalOf } from './TriggerButton';
import { after, type Asked, failedOf, type Sent, sentOf, settledBy } from './triggering';

interface Props {
  /** Undefined when the dialog is closed. */
  stack: SpaceliftStack | undefined;
  onClose: () => void;
}

export function TriggerDialog({ stack, onClose }: Props) {
  // What was shown last stays while the dialog fades away.
  const last = useRef(stack);
  if (stack) last.current = stack;
  return (
    <Modal
      opened={stack !== undefined}
      onClose={onClose}
      title={<span className={classes.title}>Trigger a run</span>}
      size="lg"
      radius="lg"
      centered
      classNames={{ header: classes.head }}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {last.current && <Body key={last.current.id} stack={last.current} onClose={onClose} />}
    </Modal>
  );
}

function Body({ stack, onClose }: { stack: SpaceliftStack; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [sent, setSent] = useState<Sent>({ kind: 'no' });
  const once = useOnce();
  const [again] = useState(() => () => setSent({ kind: 'no' }));
  const trigger = useMutation({
    mutationFn: ({ reason }: Asked) => triggerRun(stack.id, reason),
    onSuccess: (answer, asked) => setSent(sentOf(answer, asked)),
    onError: (error, asked) => setSent((before) => after(before, failedOf(error, asked))),
    onSettled: () => refresh(queryClient, [stack.id]),
  });
  const send = (reason: string) => once(() => trigger.mutateAsync(askedBy(reason)));
  const done = (
    <Group justify="flex-end" mt="lg">
      <ToStack id={stack.id} onClose={onClose} />
      <Button onClick={onClose}>Close</Button>
    </Group>
  );
  if (sent.kind === 'run') {
    return (
      <Told text={`A run of ${stack.name} was triggered`}>
        <RunProgress stackId={stack.id} runId={sent.runId} state={sent.state} />
        {done}
      </Told>
    );
  }
  if (sent.kind === 'unknown') {
    return (
      <Told text={`It is not known whether a run of ${stack.name} was started`}>
        <Unknown stackId={stack.id} sent={sent} onSettled={setSent} />
        {done}
      </Told>
    );
  }
  return (
    <Confirm stack={stack} busy={trigger.isPending} held={sent.kind === 'conflict'} onCancel={onClose} onSend={send}>
      {sent.kind === 'conflict' && <Conflict stackId={stack.id} sent={sent} onOver={again} />}
      {sent.kind === 'refused' && <ErrorState error={sent.error} />}
    </Confirm>
  );
}

function askedBy(reason: string): Asked {
  const who = session.get();
  return { at: new Date().toISOString(), by: who.state === 'in' ? who.userRef : '', reason: reason.trim() };
}

interface ConfirmProps {
  stack: SpaceliftStack;
  busy: boolean;
  /** Whether a run stands in the way, which is told below. */
  held: boolean;
  onCancel: () => void;
  onSend: (reason: string) => void;
  children: React.ReactNode;
}

function Confirm({ stack, busy, held, onCancel, onSend, children }: ConfirmProps) {
  const [reason, setReason] = useState('');
  const refusal = refusalOf(stack);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!held && refusal === undefined) onSend(reason);
  };
  const withKeys = (event: React.KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send(event);
  };
  return (
    <form onSubmit={send} aria-busy={busy || undefined}>
      <Stack gap="md">
        <dl className={classes.facts}>
          <dt>Stack</dt>
          <dd><strong>{stack.name}</strong> <Text span size="xs" c="dimmed" ff="monospace">{stack.id}</Text></dd>
          <dt>Space</dt>
          <dd>{stack.space.name}</dd>
          {stack.branch && (
            <>
              <dt>Branch</dt>
              <dd>{stack.branch}</dd>
            </>
          )}
          <dt>Commit</dt>
          <dd>{stack.commit ? <CommitLine commit={stack.commit} wrap /> : 'none yet'}</dd>
          <dt>Afterwards</dt>
          <dd>{stack.autodeploy ? <strong>Changes are applied without another question: autodeploy is on</strong> : 'Changes wait at Spacelift until somebody confirms them'}</dd>
        </dl>
        <Textarea
          label="Reason"
          description={`For your colleagues: it is kept in the audit log and shown at Spacelift. ${reason.length} of ${reasonLimit} characters`}
          placeholder="Why now?"
          value={reason}
          onChange={(e) => setReason(e.currentTarget.value)}
          onKeyDown={withKeys}
          maxLength={reasonLimit}
          autosize
          minRows={2}
          maxRows={6}
          data-autofocus
        />
        {refusal && !held && <Notice tone="warn" title="It cannot be triggered now"><Text size="sm">{refusal}</Text></Notice>}
        {/* It is there before it says something, so that an answer is read out. */}
        <div aria-live="assertive">{children}</div>
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>Cancel</Button>
          <Button type="submit" loading={busy} disabled={held || refusal !== undefined}>Trigger the run</Button>
        </Group>
      </Stack>
    </form>
  );
}

/** The answer takes the focus: the button that asked for it is gone. */
function Told({ text, children }: { text: string; children: React.ReactNode }) {
  const heading = useRef<HTMLParagraphElement>(null);
  useEffect(() => heading.current?.focus(), [text]);
  return (
    <>
      <p ref={heading} tabIndex={-1} className={classes.told}>{text}</p>
      {children}
    </>
  );
}

/** Who was faster, when and why. It goes away with what stands in the way. */
function Conflict({ stackId, sent, onOver }: { stackId: string; sent: Extract<Sent, { kind: 'conflict' }>; onOver: () => void }) {
  const stack = useQuery(stackQuery(stackId));
  const [openedAt] = useState(Date.now);
  const pending = stack.data?.trigger.pending;
  // What was known before the request says nothing about it.
  const over = stack.data !== undefined && stack.dataUpdatedAt > openedAt && !pending && stack.data.trigger.allowed;
  useEffect(() => {
    if (over) onOver();
  }, [over, onOver]);
  const { requestedBy, requestedAt, reason } = sent.holder;
  return (
    <Notice tone="warn" title="A run is already pending">
      <Text size="sm">{sent.message}</Text>
      {pending ? (
        <Pending trigger={pending} />
      ) : (
        requestedBy && (
          <Text size="sm" mt={6} component="div" style={{ overflowWrap: 'anywhere' }}>
            Triggered by <Person entityRef={requestedBy} /> {requestedAt && <Time value={requestedAt} />}
            {reason && <>: “{reason}”</>}
          </Text>
        )
      )}
    </Notice>
  );
}

function Unknown({ stackId, sent, onSettled }: { stackId: string; sent: Extract<Sent, { kind: 'unknown' }>; onSettled: (sent: Sent) => void }) {
  const stack = useQuery({ ...stackQuery(stackId), refetchInterval: 5000 });
  const runs = useInfiniteQuery(runsQuery(stackId, 'tracked'));
  const [openedAt] = useState(Date.now);
  const pending = stack.data?.trigger.pending;
  // What was known before the request says nothing about it.
  const looking = pending !== undefined || stack.dataUpdatedAt < openedAt;
  const settled = settledBy(sent, pending, runs.data?.pages[0]?.items);
  useEffect(() => {
    if (settled) onSettled(settled);
  }, [settled, onSettled]);
  return (
    <Notice tone="warn" title={looking ? 'It is being looked for' : 'Look before you try again'}>
      <Text size="sm">{sent.message}</Text>
      <Text size="sm" mt={6}>
        {looking
          ? 'The portal does not send it a second time. It looks for a run of this portal’s key that is newer than the last one seen, and nobody can trigger this stack here until that is settled, two minutes at most. This page shows the run as soon as it is found.'
          : 'No trigger is pending here now. If there is no new run among the runs of the stack, none was made, and you can trigger again.'}
      </Text>
      {sent.requestId && <Text size="xs" mt={6}>Request <Code>{sent.requestId}</Code></Text>}
    </Notice>
  );
}

function ToStack({ id, onClose }: { id: string; onClose: () => void }) {
  const here = useMatch({ from: '/spacelift/$stackId', shouldThrow: false });
  if (here?.params.stackId === id) return null;
  return (
    <Button variant="default" onClick={onClose} renderRoot={(props) => <Link {...props} to="/spacelift/$stackId" params={{ stackId: id }} />}>
      Open the stack
    </Button>
  );
}
