import { Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1],
];

/** "in 5 minutes", "2 hours ago", "now". */
export function relativeTime(date: Date, now: number): string {
  const seconds = Math.round((date.getTime() - now) / 1000);
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size || unit === 'second') return relative.format(Math.round(seconds / size), unit);
  }
  return '';
}

/** A moment relative to now, kept current; the exact time is in its hint. */
export function Time({ value }: { value: string }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now()); // a new moment may be later than when we last looked
    const timer = setInterval(() => setNow(Date.now()), 5000);
    return () => clearInterval(timer);
  }, [value]);
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return <>{value}</>;
  return (
    <Tooltip label={absolute.format(date)}>
      <time dateTime={value}>{relativeTime(date, now)}</time>
    </Tooltip>
  );
}
