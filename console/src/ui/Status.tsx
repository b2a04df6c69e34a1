import IconBad from '@tabler/icons-react/dist/esm/icons/IconAlertCircle.mjs';
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs';
import IconOk from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs';
import IconRun from '@tabler/icons-react/dist/esm/icons/IconPlayerPlay.mjs';
import IconElsewhere from '@tabler/icons-react/dist/esm/icons/IconArrowUpRightCircle.mjs';
import IconSkipped from '@tabler/icons-react/dist/esm/icons/IconCircleMinus.mjs';
import IconWarn from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs';

export type Tone = 'ok' | 'warn' | 'bad' | 'idle' | 'running' | 'elsewhere' | 'skipped';

const looks = {
  ok: { icon: IconOk, color: 'var(--ok)' },
  warn: { icon: IconWarn, color: 'var(--warn)' },
  bad: { icon: IconBad, color: 'var(--bad)' },
  idle: { icon: IconClock, color: 'var(--idle)' },
  running: { icon: IconRun, color: 'var(--ok)' },
  elsewhere: { icon: IconElsewhere, color: 'var(--idle)' },
  skipped: { icon: IconSkipped, color: 'var(--idle)' },
};

/** How something is doing: a sign, a colour and a word, so that none has to carry it alone. */
export function Status({ tone, children }: { tone: Tone; children: string }) {
  const { icon: Icon, color } = looks[tone];
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: '0.4em', color, whiteSpace: 'nowrap', fontWeight: 500, fontSize: '0.875rem' }}>
      <Icon size={17} stroke={1.8} aria-hidden />
      {children}
    </span>
  );
}
