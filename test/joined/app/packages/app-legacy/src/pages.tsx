import { ExportPage, SpaceliftPage } from '@understudy/backstage-plugin';
import { ProbePage } from 'plugin-probe';
import { SpaceliftIoPage } from 'plugin-spacelift';
import { Route } from 'react-router-dom';

// A plugin's page is added here.
export const pages = [
  <Route key="probe" path="/probe" element={<ProbePage />} />,
  <Route key="spacelift" path="/spacelift" element={<SpaceliftIoPage />} />,
  <Route key="stacks" path="/stacks" element={<SpaceliftPage />} />,
  <Route key="export" path="/rely-migration-plugin" element={<ExportPage />} />,
];
