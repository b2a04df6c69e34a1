import IconPlug from '@tabler/icons-react/dist/esm/icons/IconPlug.mjs';
import { EmptyState } from '../../ui/EmptyState';
import { PageHeader } from '../../ui/PageHeader';

/** The page of a plugin that this server does not have. */
export function NotHosted() {
  return (
    <>
      <PageHeader title="Stacks" />
      <EmptyState icon={IconPlug} title="Spacelift is not set up here">
        Add <code>spacelift.hostUrl</code>, <code>spacelift.apiKey</code> and <code>spacelift.apiSecret</code> to
        app-config.yaml and start the server again.
      </EmptyState>
    </>
  );
}
