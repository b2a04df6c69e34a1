import { useApi } from '@backstage/core-plugin-api';
import Alert from '@material-ui/lab/Alert';
import { useState } from 'react';
import { spaceliftApiRef } from '../api/SpaceliftApi';
import { isRouteMissing } from '../api/errors';
import { useLoad } from '../hooks/useLoad';
import { Problem } from '../ui/Problem';
import { officialRow } from './officialRow';
import { StacksTable } from './StacksTable';
import { type Target, TriggerDialog } from './TriggerDialog';

/** The stacks by the routes of the official backend plugin: a list and a trigger. */
export const OfficialStacks = () => {
  const api = useApi(spaceliftApiRef);
  const { hostUrl, readOnly } = api.settings();
  const { value, error, loading, reload } = useLoad('official', (signal) => api.officialStacks(signal), { every: () => 10_000 });
  const [target, setTarget] = useState<Target>();
  if (isRouteMissing(error)) return <NoBackend />;
  return (
    <>
      <Alert severity="info" variant="outlined" style={{ marginBottom: 16 }}>
        This backend has Spacelift&apos;s own plugin, which knows stacks and no runs. Details, runs and logs need Understudy as the backend.
      </Alert>
      {error !== undefined && <Problem error={error} onRetry={reload}>{value && 'What is shown was read before.'}</Problem>}
      <StacksTable
        title={value ? `Stacks (${value.length})` : 'Stacks'}
        rows={value?.map((stack) => officialRow(stack, hostUrl)) ?? []}
        loading={loading}
        empty={error === undefined ? 'No stacks found' : 'The stacks could not be read'}
        onTrigger={readOnly ? undefined : ({ id, name }) => setTarget({ id, name, official: true })}
        pages={false}
        search
      />
      {target && <TriggerDialog target={target} onClose={() => setTarget(undefined)} onSent={reload} />}
    </>
  );
};

const NoBackend = () => (
  <Alert severity="error" variant="outlined">
    No backend plugin answers for Spacelift. Either discovery does not send spacelift-io to Understudy (discovery.endpoints in
    app-config.yaml), or Understudy&apos;s configuration has no section spacelift.
  </Alert>
);
