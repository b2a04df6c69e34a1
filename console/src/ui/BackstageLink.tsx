import { Anchor } from '@mantine/core';
import IconExternal from '@tabler/icons-react/dist/esm/icons/IconExternalLink.mjs';
import { addresses } from '../api/addresses';
import { safeUrl } from '../api/entity';

/** A link to the same thing in Backstage's own frontend, where the catalog is Backstage's. */
export function BackstageLink({ path }: { path: string }) {
  const href = safeUrl(addresses.page(path));
  if (!href || !addresses.elsewhere('catalog')) return null;
  return (
    <Anchor size="sm" href={href} target="_blank" rel="noreferrer" style={{ display: 'inline-flex', alignItems: 'center', gap: '0.35em' }}>
      Open in Backstage
      <IconExternal size={15} stroke={1.7} aria-hidden />
    </Anchor>
  );
}
