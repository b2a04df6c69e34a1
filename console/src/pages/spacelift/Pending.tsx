import { Text } from '@mantine/core';
import { parseRef } from '../../api/entity';
import type { Trigger } from '../../api/spacelift';
import { EntityLink } from '../../ui/EntityLink';
import { Time } from '../../ui/Time';
import { stateText } from './states';

/** Who triggered what is pending, when and why. */
export function Pending({ trigger }: { trigger: Trigger | undefined }) {
  if (!trigger) return null;
  return (
    <Text size="sm" mt={6} component="div" style={{ overflowWrap: 'anywhere' }}>
      Triggered by <Person entityRef={trigger.requestedBy} /> <Time value={trigger.requestedAt} />
      {trigger.reason && <>: “{trigger.reason}”</>}
      {trigger.outcome === 'sending' && '. It is being sent to Spacelift.'}
      {trigger.outcome === 'unknown' && '. Its run is being looked for.'}
      {trigger.outcome === 'triggered' && trigger.state && <>. The run is {stateText(trigger.state).toLowerCase()}.</>}
    </Text>
  );
}

/** A user of the portal; whoever is no entity, such as a service, is only named. */
export function Person({ entityRef }: { entityRef: string }) {
  const ref = parseRef(entityRef);
  return ref ? <EntityLink entityRef={ref} size="sm" underline="always" defaults={{ kind: 'user' }} /> : <>{entityRef}</>;
}
