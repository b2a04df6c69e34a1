import { InfoCard, StatusError, StatusOK, StatusPending } from '@backstage/core-components';
import { makeStyles } from '@material-ui/core/styles';
import type { ExportStatus } from '../api/ExportApi';
import { Ago } from '../ui/Ago';
import { Fact, Facts } from '../ui/Facts';
import { number } from './words';

const useStyles = makeStyles((theme) => ({
  filters: {
    margin: 0, padding: theme.spacing(1), maxHeight: 200, overflow: 'auto', whiteSpace: 'pre-wrap', fontSize: 12, fontWeight: 'normal',
    backgroundColor: theme.palette.action.hover, borderRadius: theme.shape.borderRadius,
  },
}));

const tokens = {
  untested: { sign: StatusPending, text: 'Not tried yet' },
  accepted: { sign: StatusOK, text: 'Accepted' },
  refused: { sign: StatusError, text: 'Refused' },
  not_entitled: { sign: StatusError, text: 'Not in the plan' },
};

/** Where the export goes to, when, and what it leaves out. */
export const Destination = ({ status }: { status: ExportStatus }) => {
  const classes = useStyles();
  const { schedule, token, ledger, filters } = status;
  const { sign: Sign, text } = tokens[token.state] ?? { sign: StatusPending, text: token.state };
  return (
    <InfoCard title="Destination">
      <Facts>
        <Fact label="Address" wide={12}>{status.target}</Fact>
        <Fact label="Token" wide={6}><span style={{ display: 'inline-flex', alignItems: 'center' }}><Sign>{text}</Sign></span></Fact>
        <Fact label="There from here" wide={6}>{ledger?.sent === undefined ? '–' : `${number(ledger.sent)} entities`}</Fact>
        {token.message && <Fact label="It says" wide={12}>{token.message}</Fact>}
        <Fact label="Next run" wide={6}>
          {schedule.enabled ? (schedule.next ? <span title={new Date(schedule.next).toLocaleString()}><Ago time={schedule.next} /></span> : 'To be planned') : 'By hand only'}
        </Fact>
        <Fact label="Schedule" wide={6}>{schedule.enabled ? <code>{schedule.cron}{schedule.timezone && ` ${schedule.timezone}`}</code> : 'Off'}</Fact>
        <Fact label="Filters" wide={12}>
          {isEmpty(filters) ? 'None: all entities' : <pre className={classes.filters}>{filterLines(filters).join('\n')}</pre>}
        </Fact>
      </Facts>
    </InfoCard>
  );
};

/** One line a filter, of which any lets an entity through; what is none of the known forms stays as it is. */
export function filterLines(filters: unknown): string[] {
  const list = Array.isArray(filters) ? filters : [filters];
  return list.map((filter: unknown) => {
    if (typeof filter !== 'object' || filter === null || Array.isArray(filter)) return JSON.stringify(filter);
    return Object.entries(filter).map(([key, value]) => `${key}: ${valueText(value)}`).join('\nand ');
  });
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueText).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const isEmpty = (filters: unknown) => filters === undefined || filters === null || (Array.isArray(filters) && filters.length === 0);
