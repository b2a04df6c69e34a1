import { Content, Header, Page } from '@backstage/core-components';
import { configApiRef, useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import Alert from '@material-ui/lab/Alert';
import { useState } from 'react';
import type { Stack } from './client';
import { DescriptionDrawer } from './DescriptionDrawer';
import { StackTable } from './StackTable';
import { useStacks } from './useStacks';

export const StacksPage = () => {
  const config = useApi(configApiRef);
  const host = config.getString('spacelift.hostUrl'); // a page without it fails
  const readOnly = config.getOptionalBoolean('spacelift.readOnly') ?? false;
  const { stacks, loading, failure, warning, load, trigger, closeWarning } = useStacks();
  const [described, setDescribed] = useState<Stack>();
  return (
    <Page themeId="tool">
      <Header title="Spacelift" subtitle="Manage your stacks" />
      <Content>
        {failure !== undefined && (
          <Alert severity="error" variant="outlined" action={<Button color="inherit" onClick={load}>RETRY</Button>}>
            Failed to load Spacelift stacks: {failure}
          </Alert>
        )}
        {warning !== undefined && (
          <Alert severity="warning" onClose={closeWarning}>
            Spacelift action failed: {warning}
          </Alert>
        )}
        <StackTable stacks={stacks} loading={loading} host={host} onDescribe={setDescribed} onTrigger={readOnly ? undefined : trigger} />
        <DescriptionDrawer stack={described} onClose={() => setDescribed(undefined)} />
      </Content>
    </Page>
  );
};
