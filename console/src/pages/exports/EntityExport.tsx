import { useState } from 'react';
import { type Entity, formatRef, refOf } from '../../api/entity';
import { PreviewView } from './PreviewView';
import type { Format } from './search';

/** The preview as a tab of an entity's page. */
export default function EntityExport({ entity }: { entity: Entity }) {
  const [format, setFormat] = useState<Format>('yaml');
  return <PreviewView entityRef={formatRef(refOf(entity))} format={format} onFormat={setFormat} />;
}
