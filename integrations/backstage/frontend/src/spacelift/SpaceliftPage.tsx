import { Content, EmptyState, Header, Page } from '@backstage/core-components';
import { Route, Routes } from 'react-router-dom';
import { useSpaceliftLinks } from '../links';
import { LiveProvider } from './live';
import { RunView } from './RunView';
import { StacksView } from './StacksView';
import { StackView } from './StackView';

/** The page of all stacks, and below it one of each stack and of each run. */
export const SpaceliftPage = () => (
  <LiveProvider>
    <Routes>
      <Route path="/" element={<StacksView />} />
      <Route path="stacks/:stackId" element={<StackView />} />
      <Route path="stacks/:stackId/runs/:runId" element={<RunView />} />
      <Route path="*" element={<Nothing />} />
    </Routes>
  </LiveProvider>
);

const Nothing = () => {
  const { root } = useSpaceliftLinks();
  return (
    <Page themeId="tool">
      <Header title="Spacelift" type="Spacelift" typeLink={root} />
      <Content>
        <EmptyState missing="content" title="There is nothing here" description="Stacks are on the Spacelift page." />
      </Content>
    </Page>
  );
};
