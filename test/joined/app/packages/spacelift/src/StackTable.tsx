import { Link, Table, type TableColumn } from '@backstage/core-components';
import Button from '@material-ui/core/Button';
import Chip from '@material-ui/core/Chip';
import IconButton from '@material-ui/core/IconButton';
import Tooltip from '@material-ui/core/Tooltip';
import PlayArrowIcon from '@material-ui/icons/PlayArrow';
import type { Stack } from './client';
import { canTrigger, colourOf } from './states';

type Props = {
  stacks: Stack[];
  loading: boolean;
  host: string;
  onDescribe: (stack: Stack) => void;
  /** Absent where the page is read-only. */
  onTrigger?: (id: string) => void;
};

const shorten = (text: string) => (text.length > 50 ? `${text.slice(0, 50)}…` : text);

// State and space have no field, so the search does not find them, as on the official page.
const columns = ({ host, onDescribe, onTrigger }: Props): TableColumn<Stack>[] => [
  { title: 'Name', field: 'name', render: s => <Link to={`https://${host}/stack/${s.id}`} target="_blank">{s.name}</Link> },
  {
    title: 'Description',
    field: 'description',
    render: s => s.description && <Button size="small" style={{ textTransform: 'none' }} onClick={() => onDescribe(s)}>{shorten(s.description)}</Button>,
  },
  { title: 'Labels', field: 'labels', render: s => (s.labels.length ? s.labels.map(l => <Chip key={l} size="small" label={l} />) : '-') },
  {
    title: 'Current State',
    render: s => <Chip size="small" label={s.state} data-state={s.state} style={{ color: 'white', backgroundColor: colourOf(s.state) }} />,
  },
  { title: 'Branch', field: 'branch' },
  // The official page links to the space's name, where Spacelift has its id.
  { title: 'Space', render: s => <Link to={`https://${host}/spaces/${s.spaceDetails.name}`} target="_blank">{s.spaceDetails.name}</Link> },
  {
    title: '',
    sorting: false,
    render: s =>
      onTrigger && canTrigger(s.state) ? (
        <Tooltip title="Trigger a run">
          <IconButton size="small" aria-label={`Trigger ${s.name}`} onClick={() => onTrigger(s.id)}>
            <PlayArrowIcon />
          </IconButton>
        </Tooltip>
      ) : null,
  },
];

export const StackTable = (props: Props) => (
  <Table<Stack>
    title="Spacelift Stacks"
    columns={columns(props)}
    data={props.stacks}
    isLoading={props.loading}
    options={{ pageSize: 20, pageSizeOptions: [20, 50, 100], padding: 'dense', search: true }}
    localization={{ body: { emptyDataSourceMessage: 'No stacks found' } }}
  />
);
