import { EntityRefLink } from '@backstage/plugin-catalog-react';

const isRef = (who: string) => /^(user|group|component|resource|system):[^\s:/]+\/[^\s:/]+$/i.test(who);

/** Whoever did something: users of the portal are links to themselves. */
export const Person = ({ who }: { who?: string }) => {
  if (!who) return <>–</>;
  return isRef(who) ? <EntityRefLink entityRef={who} /> : <>{who}</>;
};
