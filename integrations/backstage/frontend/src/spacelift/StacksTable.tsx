import { Table, type TableColumn } from '@backstage/core-components';
import Chip from '@material-ui/core/Chip';
import { makeStyles } from '@material-ui/core/styles';
import Typography from '@material-ui/core/Typography';
import type { Stack } from '../api/SpaceliftApi';
import type { usePages } from '../hooks/usePages';
import { Ago } from '../ui/Ago';
import { Outside, StackLink } from './StackLink';
import { State } from './states';
import { refusalOf, TriggerButton } from './TriggerButton';

const useStyles = makeStyles((theme) => ({
  labels: { display: 'flex', gap: theme.spacing(0.5), '& > *': { margin: '0 !important' } },
  empty: { padding: theme.spacing(4), display: 'flex', justifyContent: 'center' },
}));

const shown = 2;

/** Words that are read at a glance stay on one line. A new object for each column, because the table writes into it. */
const whole = () => ({ whiteSpace: 'nowrap' as const });

const Labels = ({ labels }: { labels: readonly string[] }) => {
  const classes = useStyles();
  const rest = labels.slice(shown);
  return (
    <div className={classes.labels}>
      {labels.slice(0, shown).map((label) => <Chip key={label} size="small" label={label} />)}
      {rest.length > 0 && <Chip size="small" variant="outlined" label={`+${rest.length}`} title={rest.join('\n')} />}
    </div>
  );
};

/** What both backends know of a stack. */
export interface Row {
  id: string;
  name: string;
  repository?: string;
  labels: readonly string[];
  state: string;
  stateSetAt?: string;
  branch?: string;
  space: { name: string; url?: string };
  url?: string;
  /** Absent where it cannot be told. */
  refusal?: string;
  startable: boolean;
}

export const rowOf = (stack: Stack): Row => ({
  ...stack,
  repository: [stack.namespace, stack.repository].filter(Boolean).join('/') || undefined,
  refusal: refusalOf(stack),
  startable: true,
});

interface Props {
  title: string;
  rows: readonly Row[];
  loading: boolean;
  empty: string;
  /** Absent where pages are made of what has been loaded. */
  paging?: ReturnType<typeof usePages>['paging'];
  /** Absent where nothing can be triggered. */
  onTrigger?: (row: Row) => void;
  /** Whether stacks have pages here. */
  pages: boolean;
  search?: boolean;
}

const columns = ({ onTrigger, pages }: Props): TableColumn<Row>[] => [
  {
    title: 'Name',
    field: 'name',
    width: 'auto',
    highlight: true,
    cellStyle: whole(),
    render: (s) => (
      <>
        {pages ? <StackLink id={s.id} url={s.url}>{s.name}</StackLink> : <Outside url={s.url}>{s.name}</Outside>}
        {s.repository && <Typography variant="caption" noWrap color="textSecondary" display="block">{s.repository}</Typography>}
      </>
    ),
  },
  {
    title: 'State',
    field: 'state',
    width: 'auto',
    cellStyle: whole(),
    render: (s) => (
      <>
        <State state={s.state} />
        {s.stateSetAt && <Typography variant="caption" color="textSecondary" display="block"><Ago time={s.stateSetAt} /></Typography>}
      </>
    ),
  },
  { title: 'Space', field: 'space.name', width: 'auto', cellStyle: whole(), render: (s) => <Outside url={s.space.url}>{s.space.name}</Outside> },
  { title: 'Branch', field: 'branch', width: 'auto', cellStyle: whole() },
  { title: 'Labels', field: 'labels', width: 'auto', render: (s) => <Labels labels={s.labels} /> },
  ...(onTrigger
    ? [{
        title: '',
        width: '1%',
        sorting: false,
        render: (s: Row) => s.startable && <TriggerButton name={s.name} refusal={s.refusal} onClick={() => onTrigger(s)} />,
      }]
    : []),
];

export const StacksTable = (props: Props) => {
  const classes = useStyles();
  const { title, rows, loading, empty, paging, search = false } = props;
  return (
    <Table<Row>
      title={title}
      columns={columns(props)}
      // material-table writes into its data.
      data={rows.map((row) => ({ ...row }))}
      isLoading={loading}
      {...paging}
      emptyContent={<div className={classes.empty}>{loading ? 'Loading…' : empty}</div>}
      options={{
        pageSize: 20,
        pageSizeOptions: [20, 50, 100],
        emptyRowsWhenPaging: false,
        paging: rows.length > 20,
        ...paging?.options,
        padding: 'dense',
        search,
        sorting: paging === undefined,
        draggable: false,
      }}
    />
  );
};
