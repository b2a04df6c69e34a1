import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import IconMasks from '@tabler/icons-react/dist/esm/icons/IconMasksTheater.mjs';
import { EmptyState } from '../ui/EmptyState';
import { useDocumentTitle } from '../ui/PageHeader';
import { VisuallyHidden } from '@mantine/core';

export function NotFound() {
  useDocumentTitle('Not found');
  return (
    <>
      <VisuallyHidden component="h1">Not found</VisuallyHidden>
      <EmptyState
        icon={IconMasks}
        title="This scene is not in the script"
        action={
          <Button mt="sm" renderRoot={(props) => <Link {...props} to="/" />}>
            Back to the overview
          </Button>
        }
      >
        There is no page at this address. It may have moved, or the link may be misspelt.
      </EmptyState>
    </>
  );
}
