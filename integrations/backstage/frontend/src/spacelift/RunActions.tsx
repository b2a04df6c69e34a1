import { useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import Dialog from '@material-ui/core/Dialog';
import DialogActions from '@material-ui/core/DialogActions';
import DialogContent from '@material-ui/core/DialogContent';
import DialogContentText from '@material-ui/core/DialogContentText';
import DialogTitle from '@material-ui/core/DialogTitle';
import TextField from '@material-ui/core/TextField';
import Typography from '@material-ui/core/Typography';
import Alert from '@material-ui/lab/Alert';
import AlertTitle from '@material-ui/lab/AlertTitle';
import { type FormEvent, useEffect, useState } from 'react';
import { wordsOf } from '../api/errors';
import { type RunAction, type RunDetail, spaceliftApiRef } from '../api/SpaceliftApi';
import { useAction } from '../hooks/useAction';
import { Problem } from '../ui/Problem';
import { isLost } from './triggering';

interface Look {
  label: string;
  question: string;
  hint: string;
  main?: boolean;
}

const looks: Record<RunAction, Look> = {
  confirm: { label: 'Confirm', question: 'Confirm this run?', hint: 'What it planned is applied.', main: true },
  discard: { label: 'Discard', question: 'Discard this run?', hint: 'What it planned is not applied.' },
  cancel: { label: 'Cancel run', question: 'Cancel this run?', hint: 'It has not begun, and will not.' },
  stop: { label: 'Stop run', question: 'Stop this run?', hint: 'The worker takes some seconds to stop. Nothing is applied.' },
};

/** What the server lets be done with a run now; nothing else is offered. */
export const RunActions = ({ run, onDone }: { run: RunDetail; onDone: () => void }) => {
  const [asked, setAsked] = useState<RunAction>();
  const actions = run.allowedActions.filter((action) => action in looks);
  return (
    <>
      {actions.length > 0 && (
        <div style={{ display: 'flex', gap: 8, marginBottom: 16 }}>
          {actions.map((action) => (
            <Button key={action} variant={looks[action].main ? 'contained' : 'outlined'} color={looks[action].main ? 'primary' : 'default'} onClick={() => setAsked(action)}>
              {looks[action].label}
            </Button>
          ))}
        </div>
      )}
      {run.actionsReason && <Typography variant="body2" color="textSecondary" paragraph>{run.actionsReason}</Typography>}
      {asked && <Ask run={run} action={asked} onClose={() => setAsked(undefined)} onDone={onDone} />}
    </>
  );
};

const Ask = ({ run, action, onClose, onDone }: { run: RunDetail; action: RunAction; onClose: () => void; onDone: () => void }) => {
  const api = useApi(spaceliftApiRef);
  const [note, setNote] = useState('');
  const [done, setDone] = useState(false);
  const { run: act, busy, error } = useAction(async () => {
    try {
      await api.act(run.stackId, run.id, action, note.trim());
      setDone(true);
    } finally {
      onDone();
    }
  });
  useEffect(() => {
    if (done) onClose();
  }, [done, onClose]);
  const { label, question, hint } = looks[action];
  const lost = error !== undefined && isLost(error);
  const gone = !run.allowedActions.includes(action); // the run went on while the dialog was open
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!lost) act();
  };
  return (
    <Dialog open onClose={busy ? undefined : onClose} fullWidth maxWidth="sm" aria-labelledby="understudy-act-title">
      <form onSubmit={submit} aria-busy={busy}>
        <DialogTitle id="understudy-act-title">{question}</DialogTitle>
        <DialogContent>
          <DialogContentText>{run.stackName}: {run.title || run.id}. {hint}</DialogContentText>
          <TextField
            id="understudy-act-note" label="Note" value={note} onChange={(e) => setNote(e.target.value)} inputProps={{ maxLength: 500 }}
            helperText="For your colleagues: it is kept in the audit log and shown at Spacelift." variant="outlined" margin="dense" autoFocus fullWidth
          />
          <div aria-live="assertive">
            {lost && (
              <Alert severity="warning" variant="outlined">
                <AlertTitle>It is not known whether that has happened</AlertTitle>
                {wordsOf(error).text} It is not sent a second time. The state of the run on this page tells as soon as it is known.
              </Alert>
            )}
            {error !== undefined && !lost && <Problem error={error} />}
            {gone && !busy && error === undefined && <Alert severity="info" variant="outlined">The run has gone on: this cannot be done any more.</Alert>}
          </div>
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose} disabled={busy}>{lost ? 'Close' : 'Back'}</Button>
          {!lost && <Button type="submit" variant="contained" color="primary" disabled={busy || gone}>{busy ? 'Sending…' : label}</Button>}
        </DialogActions>
      </form>
    </Dialog>
  );
};
