import { CopyIcon } from './CopyIcon';
import classes from './Yaml.module.css';

/** A piece of configuration to copy. */
export function Yaml({ text }: { text: string }) {
  return (
    <div className={classes.block}>
      <pre className={classes.text}>{text}</pre>
      <div className={classes.copy}>
        <CopyIcon value={text} label="Copy" />
      </div>
    </div>
  );
}
