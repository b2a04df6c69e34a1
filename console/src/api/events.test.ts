import { describe, expect, it } from 'vitest';
import { backoff, readLines } from './events';

function bodyOf(...chunks: string[]): ReadableStream<Uint8Array> {
  const bytes = chunks.map((c) => new TextEncoder().encode(c));
  return new ReadableStream({
    pull(controller) {
      const next = bytes.shift();
      if (next) controller.enqueue(next);
      else controller.close();
    },
  });
}

async function all(body: ReadableStream<Uint8Array>): Promise<unknown[]> {
  const out = [];
  for await (const value of readLines(body)) out.push(value);
  return out;
}

describe('readLines', () => {
  it('joins what the network has cut, and passes over blank lines', async () => {
    expect(await all(bodyOf('{"a":1}\n{"b"', ':2}', '\n\n{"c":3}\n'))).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
  });

  it('leaves out a last line that was not finished', async () => {
    expect(await all(bodyOf('{"a":1}\n{"b":'))).toEqual([{ a: 1 }]);
  });
});

describe('backoff', () => {
  it('doubles up to half a minute, and spreads', () => {
    expect(backoff(0, () => 1)).toBe(1000);
    expect(backoff(3, () => 1)).toBe(8000);
    expect(backoff(30, () => 1)).toBe(30_000);
    expect(backoff(3, () => 0)).toBe(4000);
  });
});
