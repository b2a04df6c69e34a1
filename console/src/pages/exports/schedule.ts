// A cron expression in words, as far as people write them; any other is shown as it is.

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const single = /^\d{1,2}$/;

export function cronText(cron: string): string {
  const fields = cron.trim().split(/\s+/);
  // Six fields begin with seconds; only on the full minute are they like five.
  if (fields.length === 6 && fields[0] === '0') fields.shift();
  if (fields.length !== 5) return cron;
  const [minute, hour, day, month, weekday] = fields as [string, string, string, string, string];
  if (month !== '*' || day !== '*') return cron;
  const when = weekdayText(weekday);
  if (when === undefined) return cron;
  if (hour === '*') return when === '' ? (withinTheHour(minute) ?? cron) : cron;
  const hours = /^\*\/(\d+)$/.exec(hour);
  if (hours && single.test(minute) && when === '') return `every ${hours[1]} hours, at ${minute.padStart(2, '0')} past`;
  if (single.test(minute) && single.test(hour)) return `${when || 'every day'} at ${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;
  return cron;
}

function withinTheHour(minute: string): string | undefined {
  if (minute === '*' || minute === '*/1') return 'every minute';
  if (minute === '0') return 'every hour, on the hour';
  if (single.test(minute)) return `every hour, at ${minute.padStart(2, '0')} past`;
  const step = /^\*\/(\d+)$/.exec(minute);
  return step ? `every ${step[1]} minutes` : undefined;
}

/** '' for every day, undefined where there are no words for it. */
function weekdayText(field: string): string | undefined {
  if (field === '*') return '';
  if (field === '1-5' || /^mon-fri$/i.test(field)) return 'on weekdays';
  if (/^[0-7]$/.test(field)) return `every ${days[Number(field)]}`;
  const named = days.find((d) => d.slice(0, 3).toLowerCase() === field.toLowerCase());
  return named && `every ${named}`;
}
