import { Fragment } from 'react';
import { pathPieces, shortPath } from './paths';

/** A path that is no longer than it must be, and that a narrow column breaks at its slashes; whole when one points at it. */
export function Path({ value }: { value: string }) {
  return (
    <span title={value}>
      {pathPieces(shortPath(value)).map((piece, i) => (
        <Fragment key={i}>
          {piece}
          <wbr />
        </Fragment>
      ))}
    </span>
  );
}
