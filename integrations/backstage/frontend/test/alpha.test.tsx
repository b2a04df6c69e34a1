import { renderInTestApp } from '@backstage/frontend-test-utils';
import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import understudyPlugin, { isSpaceliftAvailable } from '../src/alpha';
import { SpaceliftPage, understudyPlugin as old } from '../src/index';

test('the plugin of the new system has its pages, APIs, tab and card', () => {
  const plugin = understudyPlugin as unknown as { id: string; getExtension: (id: string) => unknown };
  for (const id of [
    'api:understudy/spacelift', 'api:understudy/export', 'page:understudy/spacelift', 'page:understudy/export',
    'entity-content:understudy/spacelift', 'entity-card:understudy/spacelift',
  ]) expect(plugin.getExtension(id), id).toBeTruthy();
});

test('it stands in an app of the new system', async () => {
  renderInTestApp(<p>The app</p>, { features: [understudyPlugin] });
  await screen.findByText('The app');
});

test('the old plugin has its APIs and pages', () => {
  expect(old.getId()).toBe('understudy');
  expect([...old.getApis()].map(({ api }) => api.id)).toEqual(['plugin.understudy.spacelift', 'plugin.understudy.export']);
  expect(SpaceliftPage).toBeTruthy();
});

test.each([[undefined, false], ['', false], [' , ', false], ['a', true], ['a, b', true]])('annotation %j', (value, expected) => {
  const annotations = value === undefined ? undefined : { 'spacelift.io/stack-id': value };
  expect(isSpaceliftAvailable({ metadata: { annotations } })).toBe(expected);
});
