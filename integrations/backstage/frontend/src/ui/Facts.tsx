import Grid from '@material-ui/core/Grid';
import { makeStyles } from '@material-ui/core/styles';
import Typography from '@material-ui/core/Typography';
import type { ReactNode } from 'react';

const useStyles = makeStyles({
  label: { textTransform: 'uppercase', fontSize: 10, fontWeight: 'bold', letterSpacing: 0.5, overflow: 'hidden', whiteSpace: 'nowrap' },
  value: { fontWeight: 'bold', overflowWrap: 'anywhere' },
});

type Size = 12 | 6 | 4 | 3;

/** A fact and its name, as the catalog's About card has them. */
export const Fact = ({ label, children, wide = 3 }: { label: string; children: ReactNode; wide?: Size }) => {
  const classes = useStyles();
  return (
    <Grid item xs={12} sm={6} md={wide}>
      <Typography variant="h2" color="textSecondary" className={classes.label}>{label}</Typography>
      <Typography variant="body2" component="div" className={classes.value}>{children}</Typography>
    </Grid>
  );
};

export const Facts = ({ children }: { children: ReactNode }) => <Grid container spacing={2}>{children}</Grid>;
