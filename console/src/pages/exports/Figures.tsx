// The four numbers that one comes for.
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ExportStatus } from '../../api/export';
import { Time } from '../../ui/Time';
import classes from './Figures.module.css';
import { cronText } from './schedule';
import { durationText, number } from './words';

export function Figures({ status }: { status: ExportStatus }) {
  const { ledger, schedule, last } = status;
  const failed = ledger?.failed ?? 0;
  const lag = ledger?.lagSeconds ?? 0;
  return (
    <section aria-label="In numbers" className={classes.figures}>
      <Figure value={number(ledger?.sent ?? 0)} name={ledger?.sent === 1 ? 'entity at Rely' : 'entities at Rely'} />
      <Figure
        value={last && last.counts.failed > 0 && failed > 0 ? <Link to="/exports/runs/$run" params={{ run: last.id }} search={{ status: 'failed' }}>{number(failed)}</Link> : number(failed)}
        name="could not be sent"
        bad={failed > 0}
      />
      <Figure value={lag > 0 ? durationText(lag * 1000) : last ? 'up to date' : 'nothing'} name={lag > 0 ? 'behind the catalog' : last ? 'as far as runs have seen' : 'has been exported yet'} />
      <Figure
        value={schedule.enabled && schedule.next ? <Time value={schedule.next} /> : schedule.enabled ? 'soon' : 'off'}
        name={schedule.enabled ? `next run; ${schedule.cron ? cronText(schedule.cron) : 'by schedule'}` : 'schedule; runs are started by hand'}
      />
    </section>
  );
}

function Figure({ value, name, bad }: { value: ReactNode; name: string; bad?: boolean }) {
  return (
    <div className={classes.figure} data-bad={bad || undefined}>
      <span className={classes.value}>{value}</span>
      <span className={classes.name}>{name}</span>
    </div>
  );
}
