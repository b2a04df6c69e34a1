// The history as a picture. All that it shows is in the table of runs below it as well, in words.
import { useElementSize } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useId } from 'react';
import type { Run } from '../../api/export';
import { chartOf, type Column, type SegmentKind } from './chart';
import classes from './RunChart.module.css';
import { durationText, kindText, number, outcomeText, statusLook } from './words';

const legend: { kind: SegmentKind; label: string }[] = [
  { kind: 'sent', label: 'Sent' },
  { kind: 'planned', label: 'Only planned' },
  { kind: 'unchanged', label: 'Unchanged' },
  { kind: 'failed', label: 'Failed' },
];

const short = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export function RunChart({ runs, now }: { runs: Run[]; now: number }) {
  const { ref, width } = useElementSize();
  const id = useId();
  const chart = chartOf(runs, width, now);
  const kinds = new Set(chart.columns.flatMap((c) => c.segments.map((s) => s.kind)));
  return (
    <figure className={classes.figure}>
      <figcaption className={classes.legend}>
        {legend.filter((l) => kinds.has(l.kind)).map((l) => (
          <span key={l.kind} className={classes.key}>
            <span className={classes.swatch} data-kind={l.kind} aria-hidden />
            {l.label}
          </span>
        ))}
      </figcaption>
      <div ref={ref}>
        {width > 0 && (
          <svg width={width} height={chart.height} role="img" aria-labelledby={`${id}-title`} aria-describedby={`${id}-text`} className={classes.chart}>
            <title id={`${id}-title`}>Entities and duration of the last {chart.columns.length} runs, the newest on the right</title>
            <desc id={`${id}-text`}>The table of runs that follows has the same numbers.</desc>
            <Grid label="entities" ticks={chart.items.ticks} bottom={chart.items.bottom} left={chart.left} width={width} format={number} />
            <Grid label="duration" ticks={chart.durations.ticks} bottom={chart.durations.bottom} left={chart.left} width={width} format={durationText} />
            {chart.columns.map((column) => <Bars key={column.run.id} column={column} chart={chart} />)}
          </svg>
        )}
      </div>
    </figure>
  );
}

interface GridProps {
  label: string;
  ticks: { y: number; value: number }[];
  bottom: number;
  left: number;
  width: number;
  format: (n: number) => string;
}

function Grid({ ticks, bottom, left, width, format, label }: GridProps) {
  return (
    <g aria-hidden>
      {ticks.map((tick) => (
        <g key={tick.value}>
          <line x1={left} x2={width} y1={tick.y} y2={tick.y} className={classes.grid} />
          <text x={left - 7} y={tick.y + 4} textAnchor="end" className={classes.tick}>{format(tick.value)}</text>
        </g>
      ))}
      <line x1={left} x2={width} y1={bottom} y2={bottom} className={classes.base} />
      <text x={left + 2} y={bottom + 14} className={classes.name}>{label}</text>
    </g>
  );
}

/** The whole column can be pointed at, since a bar may be two pixels high. The table has the links for the keyboard. */
function Bars({ column, chart }: { column: Column; chart: ReturnType<typeof chartOf> }) {
  const navigate = useNavigate();
  const { run, x, width } = column;
  const pad = Math.max(width * 0.16, 1.5);
  return (
    <g className={classes.column} onClick={() => void navigate({ to: '/exports/runs/$run', params: { run: run.id } })}>
      <title>{`${short.format(new Date(run.startedAt))} · ${kindText(run)} · ${statusLook(run.status).label}\n${outcomeText(run)}\n${durationText(column.duration.value)}`}</title>
      <rect x={x} y={0} width={width} height={chart.durations.bottom} className={classes.hit} />
      {column.segments.map((s) => (
        <rect key={s.kind} x={x + pad} width={width - 2 * pad} y={s.y} height={s.height} rx={Math.min(2, s.height / 2)} className={classes.bar} data-kind={s.kind} />
      ))}
      <rect x={x + pad} width={width - 2 * pad} y={column.duration.y} height={column.duration.height} rx={1.5} className={classes.took} data-tone={statusLook(run.status).tone} />
    </g>
  );
}
