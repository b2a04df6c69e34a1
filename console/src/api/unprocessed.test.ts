import { describe, expect, it } from 'vitest';
import { reasonOf, sourceOf } from './unprocessed';

describe('unprocessed entities', () => {
  it('have the last cause as their reason', () => {
    expect(reasonOf("Processor X threw an error; caused by InputError: outer; caused by TypeError: /spec must have 'a'")).toBe("/spec must have 'a'");
    expect(reasonOf('no colon here')).toBe('no colon here');
    expect(reasonOf('Kind: stays')).toBe('Kind: stays');
  });

  it('come from a file or an address', () => {
    expect(sourceOf({ location_key: 'file:/srv/a.yaml', unprocessed_entity: {} })).toBe('/srv/a.yaml');
    expect(sourceOf({ location_key: 'url:https://x.test/a.yaml', unprocessed_entity: {} })).toBe('https://x.test/a.yaml');
    const annotated = { metadata: { annotations: { 'backstage.io/managed-by-location': 'file:/b.yaml' } } };
    expect(sourceOf({ location_key: null, unprocessed_entity: annotated })).toBe('/b.yaml');
    expect(sourceOf({ location_key: null, unprocessed_entity: {} })).toBeUndefined();
  });
});
