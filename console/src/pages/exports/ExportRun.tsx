import { PageHeader } from '../../ui/PageHeader';

export default function ExportRun() {
  return <PageHeader title="Exports" />;
}
