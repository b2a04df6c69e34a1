import { Fragment } from 'react';
import { keyParts, pathPieces, shortPath } from './paths';

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

/** The key of a label or an annotation, which a narrow column breaks after its slash, and after its dots where it must. */
export function Key({ value }: { value: string }) {
  return keyParts(value).map((pieces, i) => (
    <Fragment key={i}>
      {i > 0 && <wbr />}
      <span style={{ display: 'inline-block', maxWidth: '100%' }}>
        {pieces.map((piece, j) => (
          <Fragment key={j}>
            {j > 0 && <wbr />}
            {piece}
          </Fragment>
        ))}
      </span>
    </Fragment>
  ));
}
