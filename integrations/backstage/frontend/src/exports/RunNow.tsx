import { useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import Checkbox from '@material-ui/core/Checkbox';
import Dialog from '@material-ui/core/Dialog';
import DialogActions from '@material-ui/core/DialogActions';
import DialogContent from '@material-ui/core/DialogContent';
import DialogContentText from '@material-ui/core/DialogContentText';
import DialogTitle from '@material-ui/core/DialogTitle';
import FormControlLabel from '@material-ui/core/FormControlLabel';
import { useState } from 'react';
import { exportApiRef, type ExportRun } from '../api/ExportApi';
import { useAction } from '../hooks/useAction';
import { Problem } from '../ui/Problem';

interface Props {
  running?: ExportRun;
  onStarted: (id: string) => void;
}

/** Starts a run: a dry one at once, a real one after a question. */
export const RunNow = ({ running, onStarted }: Props) => {
  const api = useApi(exportApiRef);
  const [asking, setAsking] = useState(false);
  const [full, setFull] = useState(false);
  const start = useAction(async (dryRun: boolean) => {
    const { runId } = await api.start({ dryRun, full: !dryRun && full });
    setAsking(false);
    onStarted(runId);
  });
  const off = start.busy || running !== undefined;
  return (
    <>
      <Button variant="outlined" color="primary" disabled={off} onClick={() => start.run(true)} style={{ marginRight: 8 }}>Dry run</Button>
      <Button variant="contained" color="primary" disabled={off} onClick={() => setAsking(true)} style={{ marginRight: 8 }}>Run now</Button>
      <Dialog open={asking} onClose={() => !start.busy && setAsking(false)} aria-labelledby="understudy-export-title" fullWidth maxWidth="sm">
        <DialogTitle id="understudy-export-title">Export the catalog now?</DialogTitle>
        <DialogContent>
          <DialogContentText>Entities that are new or have changed are sent to the destination. Nothing is deleted there.</DialogContentText>
          <FormControlLabel
            control={<Checkbox color="primary" checked={full} onChange={(_, on) => setFull(on)} />}
            label="Send what has not changed as well"
          />
          <div aria-live="assertive">{start.error !== undefined && <Problem error={start.error} />}</div>
        </DialogContent>
        <DialogActions>
          <Button disabled={start.busy} onClick={() => setAsking(false)}>Cancel</Button>
          <Button variant="contained" color="primary" disabled={off} onClick={() => start.run(false)}>{start.busy ? 'Starting…' : 'Run now'}</Button>
        </DialogActions>
      </Dialog>
      {/* A dry run has no dialog to tell in. */}
      <Dialog open={!asking && start.error !== undefined} onClose={start.forget} aria-label="It could not be started">
        <DialogContent><Problem error={start.error} /></DialogContent>
        <DialogActions><Button onClick={start.forget}>Close</Button></DialogActions>
      </Dialog>
    </>
  );
};
