// Asks before it triggers, and tells the truth about what came of it.
import { LinkButton } from '@backstage/core-components';
import { useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import Dialog from '@material-ui/core/Dialog';
import DialogActions from '@material-ui/core/DialogActions';
import DialogContent from '@material-ui/core/DialogContent';
import DialogContentText from '@material-ui/core/DialogContentText';
import DialogTitle from '@material-ui/core/DialogTitle';
import TextField from '@material-ui/core/TextField';
import Alert from '@material-ui/lab/Alert';
import AlertTitle from '@material-ui/lab/AlertTitle';
import { type FormEvent, useEffect, useState } from 'react';
import { spaceliftApiRef } from '../api/SpaceliftApi';
import { useAction } from '../hooks/useAction';
import { useLoad } from '../hooks/useLoad';
import { useSpaceliftLinks } from '../links';
import { Ago } from '../ui/Ago';
import { Person } from '../ui/Person';
import { Problem } from '../ui/Problem';
import { stateText } from './states';
import { failedOf, type Sent, sentOf, settledBy } from './triggering';

const reasonLimit = 500;

export interface Target {
  id: string;
  name: string;
  autodeploy?: boolean;
  /** Where the official plugin answers, which takes no reason. */
  official?: boolean;
}

interface Props {
  target: Target;
  onClose: () => void;
  /** Something was sent: what is shown of the stack may have changed. */
  onSent: () => void;
}

export const TriggerDialog = ({ target, onClose, onSent }: Props) => {
  const api = useApi(spaceliftApiRef);
  const [reason, setReason] = useState('');
  const [sent, setSent] = useState<Sent>({ kind: 'no' });
  const { run, busy } = useAction(async () => {
    const next = target.official
      ? api.officialTrigger(target.id).then((r): Sent => ({ kind: 'run', runId: r.id, state: r.state }), failedOf)
      : api.trigger(target.id, reason.trim()).then(sentOf, failedOf);
    const outcome = await next;
    setSent(outcome);
    onSent();
  });
  const asking = sent.kind === 'no' || sent.kind === 'refused' || sent.kind === 'conflict';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run();
  };
  return (
    <Dialog open onClose={busy ? undefined : onClose} fullWidth maxWidth="sm" aria-labelledby="understudy-trigger-title">
      <form onSubmit={submit} aria-busy={busy}>
        <DialogTitle id="understudy-trigger-title">Trigger a run of {target.name}</DialogTitle>
        <DialogContent>
          {asking && <Question target={target} reason={reason} onReason={setReason} />}
          <div aria-live="assertive">
            <Outcome sent={sent} target={target} onSettled={setSent} />
          </div>
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose} disabled={busy}>{asking ? 'Cancel' : 'Close'}</Button>
          {asking && (
            <Button type="submit" variant="contained" color="primary" disabled={busy}>
              {busy ? 'Triggering…' : 'Trigger the run'}
            </Button>
          )}
          {sent.kind === 'run' && !target.official && <Follow stack={target.id} run={sent.runId} onClose={onClose} />}
        </DialogActions>
      </form>
    </Dialog>
  );
};

const Follow = ({ stack, run, onClose }: { stack: string; run: string; onClose: () => void }) => {
  const to = useSpaceliftLinks().run(stack, run);
  return to ? <LinkButton to={to} variant="contained" color="primary" onClick={onClose}>Follow the run</LinkButton> : null;
};

const Question = ({ target, reason, onReason }: { target: Target; reason: string; onReason: (reason: string) => void }) => (
  <>
    <DialogContentText>
      {target.autodeploy === undefined && 'What follows the plan is as the stack is set up at Spacelift.'}
      {target.autodeploy === true && <strong>Changes are applied without another question: autodeploy is on.</strong>}
      {target.autodeploy === false && 'Changes wait until somebody confirms them.'}
    </DialogContentText>
    {!target.official && (
      <TextField
        id="understudy-trigger-reason"
        label="Reason"
        helperText={`For your colleagues: it is kept in the audit log and shown at Spacelift. ${reason.length} of ${reasonLimit} characters.`}
        value={reason}
        onChange={(e) => onReason(e.target.value)}
        inputProps={{ maxLength: reasonLimit }}
        variant="outlined"
        margin="dense"
        autoFocus
        fullWidth
        multiline
        minRows={2}
        maxRows={6}
      />
    )}
  </>
);

const Outcome = ({ sent, target, onSettled }: { sent: Sent; target: Target; onSettled: (sent: Sent) => void }) => {
  if (sent.kind === 'refused') return <Problem error={sent.error} />;
  if (sent.kind === 'run') {
    return (
      <Alert severity="success" variant="outlined">
        <AlertTitle>Run {sent.runId} was triggered</AlertTitle>
        {sent.state && <>It is {stateText(sent.state).toLowerCase()} now.</>}
      </Alert>
    );
  }
  if (sent.kind === 'conflict') {
    return (
      <Alert severity="warning" variant="outlined">
        <AlertTitle>A run is already pending</AlertTitle>
        {sent.message}
        {sent.by && (
          <div>
            Triggered by <Person who={sent.by} /> <Ago time={sent.at} />
            {sent.reason && <>: “{sent.reason}”</>}
          </div>
        )}
      </Alert>
    );
  }
  return sent.kind === 'unknown' ? <Unknown sent={sent} target={target} onSettled={onSettled} /> : null;
};

/** Looks for the run while it is open whether there is one; nothing is sent a second time. */
const Unknown = ({ sent, target, onSettled }: { sent: Extract<Sent, { kind: 'unknown' }>; target: Target; onSettled: (sent: Sent) => void }) => {
  const api = useApi(spaceliftApiRef);
  const look = useLoad(`unknown/${target.id}`, async (signal) => {
    const [stack, runs] = await Promise.all([api.stack(target.id, signal), api.runs(target.id, 'tracked', undefined, signal)]);
    return { pending: stack.trigger.pending, runs: runs.items };
  }, { every: () => 5000, off: target.official || sent.requestId === undefined });
  const settled = look.value && settledBy(sent.requestId, look.value.pending, look.value.runs);
  useEffect(() => {
    if (settled) onSettled(settled);
  }, [settled, onSettled]);
  const looking = look.value?.pending !== undefined;
  return (
    <Alert severity="warning" variant="outlined">
      <AlertTitle>It is not known whether a run was started</AlertTitle>
      {sent.message}{' '}
      {looking
        ? 'The backend does not send it a second time. It looks for the run, and nobody can trigger this stack here until that is settled, two minutes at most. This dialog shows the run as soon as it is found.'
        : 'Look at the runs of the stack before you try again: if none of them is new, none was made.'}
      {sent.requestId && <div>Request {sent.requestId}</div>}
    </Alert>
  );
};
