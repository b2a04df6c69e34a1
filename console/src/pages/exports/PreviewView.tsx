// What an entity becomes at the destination: the document, whether it is sent, and how it differs from what was sent last.
import { Anchor, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import IconMasks from '@tabler/icons-react/dist/esm/icons/IconMasksTheater.mjs';
import { ApiError } from '../../api/errors';
import { type Preview, previewQuery } from '../../api/export';
import { EmptyState } from '../../ui/EmptyState';
import { ErrorState } from '../../ui/ErrorState';
import { Notice } from '../../ui/Notice';
import { Status, type Tone } from '../../ui/Status';
import { Time } from '../../ui/Time';
import { DocumentView } from './DocumentView';
import classes from './PreviewView.module.css';
import type { Format } from './search';

interface Props {
  entityRef: string;
  format: Format;
  onFormat: (format: Format) => void;
}

export function PreviewView({ entityRef, format, onFormat }: Props) {
  const preview = useQuery(previewQuery(entityRef));
  if (preview.data) return <Loaded preview={preview.data} format={format} onFormat={onFormat} />;
  if (preview.isError) {
    if (preview.error instanceof ApiError && preview.error.status === 404) {
      return (
        <EmptyState icon={IconMasks} title="Not in the catalog">
          There is no <code>{entityRef}</code>, so that nothing of it can be exported.
        </EmptyState>
      );
    }
    return <ErrorState error={preview.error} onRetry={() => void preview.refetch()} />;
  }
  return (
    <div className={classes.columns} aria-busy="true">
      <Skeleton h={360} radius="lg" />
      <Skeleton h={220} radius="lg" />
    </div>
  );
}

function Loaded({ preview, format, onFormat }: { preview: Preview } & Omit<Props, 'entityRef'>) {
  const { document, warnings, included } = preview;
  return (
    <Stack gap="lg">
      {!included && (
        <Notice tone="info" title="This entity is not exported">
          <Text size="sm" className={classes.words}>{preview.why ?? 'The filters or the mapping leave it out.'}</Text>
        </Notice>
      )}
      {warnings.length > 0 && (
        <Notice tone="warn" title={warnings.length === 1 ? 'The mapping has a warning' : 'The mapping has warnings'}>
          <ul className={classes.warnings}>{warnings.map((w) => <li key={w}>{w}</li>)}</ul>
        </Notice>
      )}
      <div className={classes.columns}>
        {document ? (
          <DocumentView document={document} added={preview.lastSent ? (preview.added ?? []) : []} format={format} onFormat={onFormat} />
        ) : (
          <Paper p="lg"><Text size="sm" c="dimmed">There is no document to show.</Text></Paper>
        )}
        <Paper component="section" aria-labelledby="preview-state" p="lg" className={classes.side}>
          <Title order={2} id="preview-state" mb="md">At Rely</Title>
          <State preview={preview} />
        </Paper>
      </div>
    </Stack>
  );
}

const outcomes: Record<string, { tone: Tone; label: string }> = {
  sent: { tone: 'ok', label: 'Arrived' },
  failed: { tone: 'bad', label: 'Failed' },
  skipped: { tone: 'idle', label: 'Skipped' },
  pending: { tone: 'idle', label: 'Not sent yet' },
};

function State({ preview }: { preview: Preview }) {
  const { lastSent, added = [], removed = [] } = preview;
  const next = nextOf(preview);
  const outcome = lastSent?.status ? outcomes[lastSent.status] : undefined;
  return (
    <dl className={classes.facts}>
      <dt>Next run</dt>
      <dd><Status tone={next.tone}>{next.label}</Status></dd>
      <dt>Last outcome</dt>
      <dd>
        {lastSent ? (
          <>
            <Group gap={8}>
              {outcome && <Status tone={outcome.tone}>{outcome.label}</Status>}
              {lastSent.at && <Text span size="sm" c="dimmed"><Time value={lastSent.at} /></Text>}
            </Group>
            {lastSent.message && <Text size="sm" mt={4} className={classes.words}>{lastSent.message}</Text>}
            {lastSent.runId && (
              <Anchor size="sm" mt={4} display="inline-block" renderRoot={(props) => <Link {...props} to="/exports/runs/$run" params={{ run: lastSent.runId! }} />}>
                See that run
              </Anchor>
            )}
          </>
        ) : (
          'It has never been sent'
        )}
      </dd>
      {lastSent && added.length > 0 && (
        <>
          <dt>Keys that are new</dt>
          <dd><Keys keys={added} mark="added" /></dd>
        </>
      )}
      {removed.length > 0 && (
        <>
          <dt>Keys that will be cleared</dt>
          <dd><Keys keys={removed} mark="removed" /></dd>
        </>
      )}
    </dl>
  );
}

/** What the next run does with the entity. */
function nextOf(preview: Preview): { tone: Tone; label: string } {
  if (!preview.included) return { tone: 'idle', label: 'Leaves it out' };
  if (preview.changed === false) return { tone: 'ok', label: 'Nothing to send' };
  return { tone: 'running', label: preview.lastSent ? 'Updates it' : 'Creates it' };
}

function Keys({ keys, mark }: { keys: string[]; mark: 'added' | 'removed' }) {
  return (
    <ul className={classes.keys} data-mark={mark}>
      {keys.map((key) => <li key={key}>{mark === 'removed' ? <del>{key}</del> : key}</li>)}
    </ul>
  );
}
