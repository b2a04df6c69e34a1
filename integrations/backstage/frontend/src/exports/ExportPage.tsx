import { Content, ContentHeader, EmptyState, Header, Page, Progress, SupportButton } from '@backstage/core-components';
import { useApi } from '@backstage/core-plugin-api';
import Grid from '@material-ui/core/Grid';
import { useState } from 'react';
import { Route, Routes, useParams } from 'react-router-dom';
import { exportApiRef, type ExportRun } from '../api/ExportApi';
import { isRouteMissing } from '../api/errors';
import { useLoad } from '../hooks/useLoad';
import { Problem } from '../ui/Problem';
import { Destination } from './Destination';
import { History } from './History';
import { RunCard } from './RunCard';
import { RunNow } from './RunNow';
import { isUnderWay } from './words';
import { ExportItems } from './ExportItems';

const moving = 1000;
const idle = 5000;

/** The export of the catalog: run it, watch it, and see what became of it. */
export const ExportPage = () => (
  <Routes>
    <Route path="/" element={<Overview />} />
    <Route path="runs/:runId" element={<OneRun />} />
    <Route path="*" element={<Frame><EmptyState missing="content" title="There is nothing here" description="Exports are one level up." /></Frame>} />
  </Routes>
);

const Frame = ({ children }: { children: React.ReactNode }) => (
  <Page themeId="tool">
    <Header title="Catalog export" subtitle="Entities of the catalog, sent to Rely" />
    <Content>{children}</Content>
  </Page>
);

const Overview = () => {
  const api = useApi(exportApiRef);
  // What was started here is followed by its id: it may be over before the status is asked for again.
  const [startedId, setStartedId] = useState<string>();
  const status = useLoad('status', (signal) => api.status(signal), { every: (value) => (value?.running ? moving : idle) });
  const { value, error, reload } = status;
  const run = value?.running ?? value?.last;
  const changed = (id?: string) => {
    if (id) setStartedId(id);
    reload();
  };
  if (isRouteMissing(error)) return <Frame><NoBackend /></Frame>;
  return (
    <Frame>
      <ContentHeader title="">
        {value && <RunNow running={value.running} onStarted={changed} />}
        <SupportButton>Sends what has changed in the catalog to Rely. A dry run tells what would be sent, and sends nothing.</SupportButton>
      </ContentHeader>
      {error !== undefined && <Problem error={error} onRetry={reload}>{value && 'What is shown was read before.'}</Problem>}
      {status.loading && <Progress />}
      {value && (
        <Grid container spacing={3}>
          <Grid item xs={12} md={8}>
            {run ? <RunCard run={run} link onChanged={changed} title={value.running ? 'Under way' : 'Last run'} /> : <NeverRun />}
          </Grid>
          <Grid item xs={12} md={4}><Destination status={value} /></Grid>
          {run && run.counts.failed > 0 && <Grid item xs={12}><ExportItems run={run} /></Grid>}
          <Grid item xs={12}><History fresh={`${value.runs} ${value.running?.id ?? ''} ${value.last?.id ?? ''} ${value.last?.status ?? ''} ${startedId ?? ''}`} /></Grid>
        </Grid>
      )}
    </Frame>
  );
};

const OneRun = () => {
  const { runId = '' } = useParams();
  const api = useApi(exportApiRef);
  const { value, error, loading, reload } = useLoad<ExportRun>(`run/${runId}`, (signal) => api.run(runId, signal), {
    every: (run, failure) => (failure !== undefined ? 10_000 : isUnderWay(run) ? moving : false),
  });
  return (
    <Frame>
      {error !== undefined && <Problem error={error} onRetry={reload}>{value && 'What is shown was read before.'}</Problem>}
      {loading && <Progress />}
      {value && (
        <Grid container spacing={3}>
          <Grid item xs={12}><RunCard run={value} onChanged={reload} title={`Run ${value.id}`} back /></Grid>
          <Grid item xs={12}><ExportItems run={value} /></Grid>
        </Grid>
      )}
    </Frame>
  );
};

const NeverRun = () => <EmptyState missing="data" title="Nothing has been exported yet" description="A dry run tells what an export would send, and sends nothing." />;

const NoBackend = () => (
  <EmptyState
    missing="info"
    title="No export answers"
    description="Either discovery does not send rely and rely-migration-plugin to Understudy (discovery.endpoints in app-config.yaml), or Understudy's configuration has no section rely."
  />
);
