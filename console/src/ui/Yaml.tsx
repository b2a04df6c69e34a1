import type { CSSProperties } from 'react';
import { CopyIcon } from './CopyIcon';
import classes from './Yaml.module.css';

/** A line that is too long for its place goes on two characters further in than it began. */
function hanging(line: string): CSSProperties {
  const indent = line.search(/\S|$/) + 2;
  return { display: 'block', paddingLeft: `${indent}ch`, textIndent: `-${indent}ch` };
}

/** A piece of configuration to copy. */
export function Yaml({ text }: { text: string }) {
  return (
    <div className={classes.block}>
      <pre className={classes.text}>
        {text.split('\n').map((line, i, all) => (
          <span key={i} style={hanging(line)}>
            {line}
            {i < all.length - 1 && '\n'}
          </span>
        ))}
      </pre>
      <div className={classes.copy}>
        <CopyIcon value={text} label="Copy" />
      </div>
    </div>
  );
}
