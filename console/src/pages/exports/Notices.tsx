import { Anchor, Code, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Fragment, type ReactNode } from 'react';
import IconOff from '@tabler/icons-react/dist/esm/icons/IconCloudOff.mjs';
import type { Run } from '../../api/export';
import { EmptyState } from '../../ui/EmptyState';
import { Notice } from '../../ui/Notice';
import { adviseAction, codePieces, problemOf } from './advice';
import classes from './Notices.module.css';

/** Why an action did not work. */
export function ActionError({ error }: { error: unknown }) {
  if (!error) return null;
  const { title, text } = adviseAction(error);
  return (
    <Notice tone="bad" title={title} alert>
      <Text size="sm" className={classes.words}>{text}</Text>
    </Notice>
  );
}

interface ProblemProps {
  run: Run;
  /** Leads to the items that failed, where this is not the page of the run. */
  link?: boolean;
  /** What can be done here and now. */
  actions?: ReactNode;
}

/** What was wrong with a run: what happened, in the words of whoever said it, and how to mend it. */
export function RunProblem({ run, link, actions }: ProblemProps) {
  const problem = problemOf(run);
  if (!problem) return null;
  return (
    <Notice tone={problem.tone} title={problem.title}>
      {run.error && <Text size="sm" className={classes.words}>{run.error}</Text>}
      {problem.mend.length > 0 && (
        <ul className={classes.mend}>
          {problem.mend.map((step) => <li key={step}><WithCode text={step} /></li>)}
        </ul>
      )}
      {link && run.counts.failed > 0 && (
        <Anchor size="sm" mt={8} display="inline-block" underline="always" renderRoot={(props) => <Link {...props} to="/exports/runs/$run" params={{ run: run.id }} search={{ status: 'failed' }} />}>
          See what failed
        </Anchor>
      )}
      {actions}
    </Notice>
  );
}

function WithCode({ text }: { text: string }) {
  return codePieces(text).map((piece, i) => (i % 2 === 0 ? <Fragment key={i}>{piece}</Fragment> : <Code key={i} className={classes.code}>{piece}</Code>));
}

const sample = `proxy:
  endpoints:
    '/rely':
      target: https://magneto.rely.io
      headers:
        Authorization: Bearer \${RELY_TOKEN}
rely:
  cron: { enabled: true, schedule: '0 * * * *' }`;

/** In the place of every export page where the plugin is not there. */
export function ExportsOff() {
  return (
    <EmptyState icon={IconOff} title="Exports are off">
      <p className={classes.para}>
        Nothing is exported until app-config.yaml has a <code>rely</code> section, and a proxy entry with Rely’s address and a
        token:
      </p>
      <pre className={classes.sample} tabIndex={0} role="region" aria-label="A sample of the configuration">{sample}</pre>
      <p className={classes.para}>Start the server again after that, and this page shows what is sent.</p>
    </EmptyState>
  );
}
