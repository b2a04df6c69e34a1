import { PageHeader } from '../../ui/PageHeader';

export default function ExportPreview() {
  return <PageHeader title="Exports" />;
}
