import { Anchor, Text } from '@mantine/core';
import { safeUrl } from '../../api/entity';
import type { Commit } from '../../api/spacelift';
import { Time } from '../../ui/Time';

/** The first line of a commit's message. */
export function subject(commit: Commit): string {
  return commit.message.split('\n', 1)[0] ?? '';
}

export function Hash({ commit }: { commit: Commit }) {
  const href = safeUrl(commit.url);
  const short = commit.hash.slice(0, 7);
  if (!href) return <Text span size="xs" ff="monospace">{short}</Text>;
  return (
    <Anchor href={href} target="_blank" rel="noreferrer" size="xs" ff="monospace" underline="always" aria-label={`Commit ${short}`}>
      {short}
    </Anchor>
  );
}

/** A commit in two lines: what it says, and who made it when. */
export function CommitLine({ commit, wrap }: { commit: Commit; wrap?: boolean }) {
  return (
    <div style={{ minWidth: 0 }}>
      <Text size="sm" truncate={!wrap} title={commit.message} style={wrap ? { overflowWrap: 'anywhere' } : undefined}>
        {subject(commit)}
      </Text>
      <Text size="xs" c="dimmed" truncate={!wrap} component="div">
        <Hash commit={commit} />
        {commit.author && <> · {commit.author}</>}
        {commit.time && <> · <Time value={commit.time} /></>}
      </Text>
    </div>
  );
}
