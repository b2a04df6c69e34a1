import { EmptyState, Progress } from '@backstage/core-components';
import { useApi } from '@backstage/core-plugin-api';
import { useEntity } from '@backstage/plugin-catalog-react';
import Alert from '@material-ui/lab/Alert';
import { useState } from 'react';
import { spaceliftApiRef } from '../api/SpaceliftApi';
import { Problem } from '../ui/Problem';
import { isSpaceliftAvailable, stackAnnotation } from './annotation';
import { LiveProvider } from './live';
import { RunsTable } from './RunsTable';
import { StacksTable } from './StacksTable';
import { type Target, TriggerDialog } from './TriggerDialog';
import { useEntityStacks } from './useEntityStacks';
import { isReadOnly, useStatus } from './useStatus';

/** The tab of an entity: its stacks and, where it is one, the runs of it. */
export const EntitySpaceliftContent = () => {
  const { entity } = useEntity();
  if (!isSpaceliftAvailable(entity)) {
    return (
      <EmptyState
        missing="field"
        title="No stack is named"
        description={`Name the stacks of this entity in its annotation ${stackAnnotation}, separated by commas.`}
      />
    );
  }
  return <LiveProvider><Stacks /></LiveProvider>;
};

const Stacks = () => {
  const api = useApi(spaceliftApiRef);
  const status = useStatus();
  const { value, error, loading, missing, reload } = useEntityStacks();
  const [target, setTarget] = useState<Target>();
  const [sends, setSends] = useState(0);
  const official = value !== undefined && value.stacks === undefined;
  const readOnly = official ? api.settings().readOnly : isReadOnly(status);
  const only = value?.stacks?.length === 1 ? value.stacks[0] : undefined;
  const sent = () => {
    reload();
    setSends(sends + 1);
  };
  return (
    <>
      {error !== undefined && <Problem error={error} onRetry={reload}>{value && 'What is shown was read before.'}</Problem>}
      {missing.length > 0 && (
        <Alert severity="info" variant="outlined" style={{ marginBottom: 16 }}>
          The annotation {stackAnnotation} also names {missing.join(', ')}: there is no such stack, or you may not see it.
        </Alert>
      )}
      {loading && <Progress />}
      {value && (
        <StacksTable
          title="Stacks"
          rows={value.rows}
          loading={loading}
          empty="None of the stacks that this entity names can be seen"
          onTrigger={readOnly ? undefined : ({ id, name }) => setTarget(value.stacks?.find((s) => s.id === id) ?? { id, name, official: true })}
          pages={!official}
        />
      )}
      {only && <div style={{ marginTop: 24 }}><RunsTable stack={only} sends={sends} /></div>}
      {target && <TriggerDialog target={target} onClose={() => setTarget(undefined)} onSent={sent} />}
    </>
  );
};
