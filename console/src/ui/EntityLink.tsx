import { Anchor, type AnchorProps } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { formatRef, type Ref, shortRef } from '../api/entity';
import { KindIcon } from './KindIcon';

interface Props extends AnchorProps {
  entityRef: Ref;
  /** What to show, such as its title; the ref, shortened, when there is nothing better. */
  children?: ReactNode;
  /** What goes without saying here, and is left out of the ref. */
  defaults?: { kind?: string; namespace?: string };
  icon?: boolean;
}

/** A link to an entity's page. */
export function EntityLink({ entityRef, children, defaults, icon, ...rest }: Props) {
  const { kind, namespace, name } = entityRef;
  return (
    <Anchor
      {...rest}
      renderRoot={(props) => (
        <Link
          {...props}
          title={children ? formatRef(entityRef) : undefined}
          to="/catalog/$namespace/$kind/$name"
          params={{ namespace: namespace.toLowerCase(), kind: kind.toLowerCase(), name }}
        />
      )}
      style={icon ? { display: 'inline-flex', alignItems: 'center', gap: '0.4em', minWidth: 0 } : undefined}
    >
      {icon && <KindIcon kind={kind} size={16} />}
      {children ?? shortRef(entityRef, defaults)}
    </Anchor>
  );
}
