import { Button, PasswordInput, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { secondsLeft, userOf } from '../api/session';
import { Time } from '../ui/Time';

interface Props {
  /** Whether users' tokens are those of another backend. */
  joined?: boolean;
  onToken: (token: string) => void;
}

/** A token that somebody was given, or took from where they are signed in already. */
export function TokenForm({ joined, onToken }: Props) {
  const [text, setText] = useState('');
  const token = text.trim().replace(/^Bearer\s+/i, '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token) onToken(token);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <PasswordInput
          label="Access token"
          description={joined ? <Where /> : "A token of backend.auth.externalAccess. It is kept in this page's memory only."}
          value={text}
          autoFocus
          autoComplete="off"
          onChange={(e) => setText(e.currentTarget.value)}
        />
        <Told token={token} />
        <Button type="submit" variant="default" disabled={!token}>
          Enter with the token
        </Button>
      </Stack>
    </form>
  );
}

function Where() {
  return (
    <>
      In Backstage, open the browser’s developer tools and look under Network at any request to /api: it is what follows
      Bearer in the Authorization header. A token of backend.auth.externalAccess does as well. It is kept in this page’s
      memory only.
    </>
  );
}

/** What a token says of itself. */
function Told({ token }: { token: string }) {
  const left = secondsLeft(token);
  if (left === undefined) return null;
  const ends = <Time value={new Date((secondsLeft(token, 0) ?? 0) * 1000).toISOString()} />;
  return (
    <Text size="sm" component="div" role="status" c={left > 0 ? undefined : 'var(--bad)'} style={{ overflowWrap: 'anywhere' }}>
      {userOf(token) || 'A token'}, {left > 0 ? 'ends' : 'ended'} {ends}
    </Text>
  );
}
