import Checkbox from '@material-ui/core/Checkbox';
import FormControlLabel from '@material-ui/core/FormControlLabel';
import FormGroup from '@material-ui/core/FormGroup';
import FormLabel from '@material-ui/core/FormLabel';
import { makeStyles } from '@material-ui/core/styles';
import TextField from '@material-ui/core/TextField';
import Autocomplete from '@material-ui/lab/Autocomplete';
import { useEffect, useState } from 'react';
import type { StackFilters as Filters, StackPage, StateGroup } from '../api/SpaceliftApi';
import { groups } from './states';

const useStyles = makeStyles((theme) => ({
  part: { marginBottom: theme.spacing(3), display: 'block' },
  label: { textTransform: 'uppercase', fontSize: 12, fontWeight: 'bold', marginBottom: theme.spacing(1), display: 'block' },
  check: { marginRight: 0, '& .MuiFormControlLabel-label': { fontSize: 14 } },
}));

/** So long after the last letter the search is done. */
const pause = 300;

interface Props {
  filters: Filters;
  /** The facets that came with the stacks. */
  page?: Pick<StackPage, 'groups' | 'spaces' | 'labels'>;
  onChange: (change: Partial<Filters>) => void;
}

/** Search and filters, whose choices are the server's facets. */
export const StackFilters = ({ filters, page, onChange }: Props) => {
  const classes = useStyles();
  const counts = new Map(page?.groups.map(({ value, count }) => [value, count]));
  const chosen = filters.group ?? [];
  const toggle = (group: string) => onChange({ group: chosen.includes(group) ? chosen.filter((g) => g !== group) : [...chosen, group] });
  return (
    <>
      <div className={classes.part}><Search value={filters.q ?? ''} onChange={(q) => onChange({ q })} /></div>
      <FormGroup className={classes.part}>
        <FormLabel className={classes.label}>State</FormLabel>
        {(Object.keys(groups) as StateGroup[]).map((group) => (
          <div key={group}>
            <FormControlLabel
              className={classes.check}
              control={<Checkbox size="small" color="primary" checked={chosen.includes(group)} onChange={() => toggle(group)} />}
              label={`${groups[group]} (${counts.get(group) ?? 0})`}
            />
          </div>
        ))}
      </FormGroup>
      <Choice
        label="Spaces"
        options={page?.spaces.map((s) => s.id) ?? []}
        nameOf={(id) => page?.spaces.find((s) => s.id === id)?.name ?? id}
        value={filters.space ?? []}
        onChange={(space) => onChange({ space })}
      />
      <Choice
        label="Labels"
        options={page?.labels.map((l) => l.value) ?? []}
        value={filters.label ?? []}
        onChange={(label) => onChange({ label })}
      />
    </>
  );
};

const Search = ({ value, onChange }: { value: string; onChange: (q: string) => void }) => {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return undefined;
    const timer = setTimeout(() => onChange(text.trim()), pause);
    return () => clearTimeout(timer);
  });
  return (
    <TextField
      id="understudy-stack-search"
      label="Search"
      type="search"
      value={text}
      onChange={(e) => setText(e.target.value)}
      inputProps={{ maxLength: 200 }}
      helperText="Name, id, description, label, branch, repository or space"
      variant="outlined"
      size="small"
      fullWidth
    />
  );
};

interface ChoiceProps {
  label: string;
  options: string[];
  value: readonly string[];
  nameOf?: (option: string) => string;
  onChange: (value: string[]) => void;
}

const Choice = ({ label, options, value, nameOf, onChange }: ChoiceProps) => {
  const classes = useStyles();
  return (
    <Autocomplete
      id={`understudy-stack-${label.toLowerCase()}`}
      className={classes.part}
      multiple
      disableCloseOnSelect
      size="small"
      options={[...new Set([...options, ...value])]}
      getOptionLabel={nameOf ?? ((option) => option)}
      value={[...value]}
      onChange={(_, next) => onChange(next)}
      renderInput={(params) => <TextField {...params} label={label} variant="outlined" />}
    />
  );
};
