// States of stacks and runs in words and colours. States that nobody told us of have both, too: the list of them is open.
import type { StateGroup } from '../../api/spacelift';

/** The colours have values for both themes in tokens.css. */
export type StateTone = 'info' | 'success' | 'error' | 'warning' | 'neutral';

/** spacelift.md 2; what only runs know is coloured as the state that it comes nearest to (spacelift.md 3). */
const tones: Record<string, StateTone> = {
  APPLYING: 'info', DESTROYING: 'info', INITIALIZING: 'info', PLANNING: 'info', PREPARING: 'info',
  PREPARING_APPLY: 'info', PREPARING_REPLAN: 'info', READY: 'info',
  QUEUED: 'info', PENDING: 'info', PERFORMING: 'info',
  FINISHED: 'success',
  DISCARDED: 'error', FAILED: 'error', STOPPED: 'error', CANCELED: 'error', SKIPPED: 'error',
  CONFIRMED: 'warning', UNCONFIRMED: 'warning', PENDING_REVIEW: 'warning',
  NONE: 'neutral', REPLAN_REQUESTED: 'neutral',
};

export function toneOf(state: string): StateTone {
  return tones[state] ?? 'neutral';
}

/** Whether something is being done right now: then the chip moves. */
export function isMoving(state: string): boolean {
  return toneOf(state) === 'info';
}

const finals = ['FINISHED', 'FAILED', 'STOPPED', 'CANCELED', 'DISCARDED', 'SKIPPED'];

export function isFinal(state: string): boolean {
  return finals.includes(state);
}

/** A state as people write it: PREPARING_APPLY is "Preparing apply". */
export function stateText(state: string): string {
  const words = state.replaceAll('_', ' ').toLowerCase().trim();
  return words === '' ? 'Unknown' : words.charAt(0).toUpperCase() + words.slice(1);
}

export interface GroupLook {
  label: string;
  tone: StateTone;
  hint: string;
  /** The states of stacks that belong to it. */
  states: string[];
}

/** The groups of spacelift.md 5.5 in the order in which they are shown. */
export const groups: Record<StateGroup, GroupLook> = {
  attention: { label: 'Needs attention', tone: 'warning', hint: 'A plan waits to be confirmed or discarded', states: ['UNCONFIRMED'] },
  failed: { label: 'Failed', tone: 'error', hint: 'The last run failed', states: ['FAILED'] },
  hold: { label: 'On hold', tone: 'neutral', hint: 'Never run, confirmed, or to be planned again', states: ['NONE', 'CONFIRMED', 'REPLAN_REQUESTED'] },
  progress: {
    label: 'In progress', tone: 'info', hint: 'A run is under way',
    states: ['READY', 'PREPARING', 'INITIALIZING', 'PLANNING', 'PREPARING_REPLAN', 'PREPARING_APPLY', 'APPLYING', 'DESTROYING'],
  },
  finished: { label: 'Finished', tone: 'success', hint: 'The last run went well', states: ['FINISHED'] },
  other: { label: 'Other', tone: 'neutral', hint: 'Stopped, discarded, and whatever else', states: ['DISCARDED', 'STOPPED'] },
};

export const groupNames = Object.keys(groups) as StateGroup[];

/** The group of a state of a stack, for what did not come with its own. */
export function groupOf(state: string): StateGroup {
  return groupNames.find((name) => groups[name].states.includes(state)) ?? 'other';
}

/** The way of a tracked run, as far as people tell its parts apart. */
export const phases = ['Queue', 'Prepare', 'Plan', 'Confirm', 'Apply', 'Done'] as const;

const phaseStates: string[][] = [
  ['QUEUED', 'READY', 'PENDING'],
  ['PREPARING', 'INITIALIZING'],
  ['PLANNING', 'REPLAN_REQUESTED', 'PREPARING_REPLAN'],
  ['UNCONFIRMED', 'PENDING_REVIEW', 'CONFIRMED'],
  ['PREPARING_APPLY', 'APPLYING', 'DESTROYING', 'PERFORMING'],
];

/** The number of the phase that a state belongs to; undefined for a state that nobody told us of. */
export function phaseOf(state: string): number | undefined {
  if (isFinal(state)) return phases.length - 1;
  const i = phaseStates.findIndex((states) => states.includes(state));
  return i < 0 ? undefined : i;
}
