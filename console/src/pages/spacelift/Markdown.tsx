import { Anchor } from '@mantine/core';
import { safeUrl } from '../../api/entity';
import { blocks, type Inline } from './markdownParts';
import classes from './Markdown.module.css';

/** A description, with its lists, links and code. */
export function Markdown({ text }: { text: string }) {
  return (
    <div className={classes.text}>
      {blocks(text).map((block, i) => {
        if (block.kind === 'list') return <ul key={i}>{block.items.map((item, j) => <li key={j}><Line parts={item} /></li>)}</ul>;
        if (block.kind === 'code') return <pre key={i} tabIndex={0}>{block.text}</pre>;
        if (block.kind === 'heading') return <p key={i}><strong><Line parts={block.text} /></strong></p>;
        return <p key={i}><Line parts={block.text} /></p>;
      })}
    </div>
  );
}

function Line({ parts }: { parts: Inline[] }) {
  return parts.map((part, i) => {
    if (part.kind === 'code') return <code key={i}>{part.text}</code>;
    if (part.kind === 'strong') return <strong key={i}>{part.text}</strong>;
    if (part.kind === 'em') return <em key={i}>{part.text}</em>;
    if (part.kind !== 'link') return part.text;
    const href = safeUrl(part.url);
    return href ? <Anchor key={i} inherit underline="always" href={href} target="_blank" rel="noreferrer">{part.text}</Anchor> : part.text;
  });
}
