import { Anchor, Breadcrumbs, Group, Paper, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import IconEye from '@tabler/icons-react/dist/esm/icons/IconEye.mjs';
import { parseRef } from '../../api/entity';
import { exportPlugin } from '../../api/export';
import { bootstrapQuery } from '../../api/system';
import { EmptyState } from '../../ui/EmptyState';
import { EntityLink } from '../../ui/EntityLink';
import { PageHeader } from '../../ui/PageHeader';
import { ExportsOff } from './Notices';
import { PreviewSearch } from './PreviewSearch';
import { PreviewView } from './PreviewView';

/** The document of any entity, found by its name. */
export default function ExportPreview() {
  const { entity, as = 'yaml' } = useSearch({ from: '/exports/preview' });
  const navigate = useNavigate({ from: '/exports/preview' });
  const { data: bootstrap } = useQuery(bootstrapQuery);
  const ref = entity ? parseRef(entity) : undefined;
  const off = bootstrap && !bootstrap.plugins.includes(exportPlugin);
  return (
    <>
      <Breadcrumbs separator="/" mb="md" component="nav" aria-label="Breadcrumb">
        <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/exports" />}>Exports</Anchor>
      </Breadcrumbs>
      <PageHeader title="Export preview">What an entity becomes at Rely</PageHeader>
      {off ? (
        <ExportsOff />
      ) : (
        <>
          <Paper p="lg" mb="lg"><PreviewSearch value={entity ?? ''} /></Paper>
          {entity ? (
            <>
              {ref && (
                <Group gap={8} mb="md">
                  <Text span size="sm" c="dimmed">Document of</Text>
                  <EntityLink entityRef={ref} icon fw={600} />
                </Group>
              )}
              <PreviewView
                entityRef={entity}
                format={as}
                onFormat={(next) => void navigate({ search: { entity, ...(next === 'json' && { as: 'json' as const }) }, replace: true })}
              />
            </>
          ) : (
            <EmptyState icon={IconEye} title="Choose an entity">
              Its document is shown as it would be sent, with what has changed since the last time.
            </EmptyState>
          )}
        </>
      )}
    </>
  );
}
