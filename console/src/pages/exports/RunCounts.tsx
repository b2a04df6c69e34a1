import { Paper, Text } from '@mantine/core';
import type { Run } from '../../api/export';
import classes from './RunCounts.module.css';
import { partsOf, savedPercent, shares } from './runParts';
import { bytesText, count, durationOf, number, rateText } from './words';

/** What became of everything that was read: one bar, and the same in numbers. */
export function RunCounts({ run }: { run: Run }) {
  const { counts: c } = run;
  const parts = partsOf(run);
  const shown = parts.filter((p) => p.value > 0 || (p.kind !== 'pending' && p.kind !== 'skipped'));
  return (
    <Paper component="section" aria-label="Counts" p="lg">
      <Text size="sm" c="dimmed">
        <b className={classes.read}>{count(c.read, 'entity', 'entities')}</b> read
        {c.filtered > 0 && <>; the filters left out {number(c.filtered)} more</>}
      </Text>
      <div className={classes.bar} aria-hidden>
        {shares(parts).map(({ part, percent }) => <span key={part.kind} data-kind={part.kind} style={{ width: `${percent}%` }} />)}
      </div>
      <dl className={classes.parts}>
        {shown.map((p) => (
          <div key={p.kind} title={p.hint}>
            <dt><span className={classes.dot} data-kind={p.kind} aria-hidden />{p.label}</dt>
            <dd>{number(p.value)}</dd>
          </div>
        ))}
      </dl>
      {!run.dryRun && c.create + c.update > 0 && (
        <Text size="sm" c="dimmed">The plan: {number(c.create)} to create and {number(c.update)} to update{c.unmappable > 0 && `; ${number(c.unmappable)} could not be mapped`}.</Text>
      )}
      {c.deleteCandidates > 0 && (
        <Text size="sm" c="dimmed" mt={4}>
          {count(c.deleteCandidates, 'entity that was sent earlier is', 'entities that were sent earlier are')} gone from the
          catalog or left out now. Nothing is deleted at the destination in this release.
        </Text>
      )}
    </Paper>
  );
}

export function RunTraffic({ run }: { run: Run }) {
  const { counts: c } = run;
  const saved = savedPercent(c);
  const rate = run.endedAt && !run.rate ? (c.sent / Math.max(durationOf(run, 0), 1)) * 1000 : run.rate;
  const facts: [string, string | undefined][] = [
    ['Requests', number(c.requests)],
    ['Chunks', number(c.chunks)],
    ['Bodies', c.bytes > 0 ? bytesText(c.bytes) : 'none'],
    ['On the wire', saved === undefined ? (c.wireBytes > 0 ? `${bytesText(c.wireBytes)}, not compressed` : undefined) : `${bytesText(c.wireBytes)}, ${saved} % less by gzip`],
    ['Rate', rateText(rate)],
  ];
  return (
    <dl className={classes.traffic}>
      {facts.filter(([, value]) => value !== undefined).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
