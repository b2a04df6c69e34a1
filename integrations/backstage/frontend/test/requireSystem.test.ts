// @vitest-environment node
import { expect, test, vi } from 'vitest';
import { requireSystem } from '../src/requireSystem';

test('an older new frontend system is refused in a sentence, before anything of it is used', () => {
  expect(() => requireSystem({ PageBlueprint: {}, createFrontendPlugin: vi.fn() })).toThrow(/needs @backstage\/frontend-plugin-api 0\.15 or later/);
  expect(() => requireSystem({ toastApiRef: {} })).not.toThrow();
});
