// Schedules and errors of tasks in words.

const units: Record<string, string> = { W: 'week', D: 'day', H: 'hour', M: 'minute', S: 'second' };

/** An ISO 8601 duration as "every 10 minutes"; a cron expression and "manual" as they are. */
export function cadenceText(cadence: string): string {
  if (cadence === 'manual') return 'by hand';
  const match = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(cadence);
  if (!match) return cadence;
  const parts = ['W', 'D', 'H', 'M', 'S'].flatMap((letter, i) => {
    const n = match[i + 1];
    return n && Number(n) !== 0 ? [`${n} ${units[letter]}${Number(n) === 1 ? '' : 's'}`] : [];
  });
  if (parts.length === 0) return cadence;
  const text = parts.join(' ');
  return text.startsWith('1 ') && parts.length === 1 ? `every ${text.slice(2)}` : `every ${text}`;
}

/** The message of a task's last error, which the scheduler keeps as JSON text. */
export function lastErrorText(json: string | undefined): string | undefined {
  if (!json) return undefined;
  try {
    const error: unknown = JSON.parse(json);
    const message = (error as { message?: unknown } | null)?.message;
    return typeof message === 'string' ? message : json;
  } catch {
    return json;
  }
}
