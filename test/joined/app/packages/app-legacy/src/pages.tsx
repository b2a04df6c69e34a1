import { ProbePage } from 'plugin-probe';
import { SpaceliftIoPage } from 'plugin-spacelift';
import { Route } from 'react-router-dom';

// A plugin's page is added here.
export const pages = [
  <Route key="probe" path="/probe" element={<ProbePage />} />,
  <Route key="spacelift" path="/spacelift" element={<SpaceliftIoPage />} />,
];
