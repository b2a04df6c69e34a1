const info = ['APPLYING', 'DESTROYING', 'INITIALIZING', 'PLANNING', 'PREPARING', 'PREPARING_APPLY', 'PREPARING_REPLAN', 'READY'];

const colours: Record<string, string> = {
  ...Object.fromEntries(info.map(state => [state, '#1976d2'])),
  FINISHED: '#2e7d32',
  DISCARDED: '#c62828',
  FAILED: '#c62828',
  STOPPED: '#c62828',
  CONFIRMED: '#b45309',
  UNCONFIRMED: '#b45309',
};

/** NONE, REPLAN_REQUESTED and states that are not known yet are neutral. */
export const colourOf = (state: string) => colours[state] ?? '#616161';

export const canTrigger = (state: string) => ['DISCARDED', 'FAILED', 'STOPPED', 'FINISHED', 'NONE'].includes(state);
