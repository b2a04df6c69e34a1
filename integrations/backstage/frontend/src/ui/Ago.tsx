import Typography from '@material-ui/core/Typography';

const units: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400], ['hour', 3600], ['minute', 60]];

/** How long ago, or in how long: the largest unit that fits. */
export function relative(time: string, now: number): string {
  const seconds = (Date.parse(time) - now) / 1000;
  const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? ['second', 1];
  if (unit === 'second') return seconds > 0 ? 'in a moment' : 'just now';
  return new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(Math.trunc(seconds / size), unit);
}

/** A time as people say it; the exact one is its title. */
export const Ago = ({ time, now = Date.now() }: { time?: string; now?: number }) => {
  if (!time || Number.isNaN(Date.parse(time))) return <>–</>;
  return (
    <Typography component="time" variant="inherit" dateTime={time} title={new Date(time).toLocaleString()} noWrap>
      {relative(time, now)}
    </Typography>
  );
};

/** A duration in words: 850 ms, 12 s, 3 min 5 s, 2 h 10 min. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}
