import { PageHeader } from '../../ui/PageHeader';

export default function Exports() {
  return <PageHeader title="Exports" />;
}
