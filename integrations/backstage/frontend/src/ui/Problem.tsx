import Button from '@material-ui/core/Button';
import Alert from '@material-ui/lab/Alert';
import AlertTitle from '@material-ui/lab/AlertTitle';
import type { ReactNode } from 'react';
import { wordsOf } from '../api/errors';

interface Props {
  error: unknown;
  onRetry?: () => void;
  onClose?: () => void;
  /** What is still there, such as an older answer. */
  children?: ReactNode;
}

/** An error in words. */
export const Problem = ({ error, onRetry, onClose, children }: Props) => {
  const { title, text } = wordsOf(error);
  const retry = onRetry && <Button color="inherit" size="small" onClick={onRetry}>Retry</Button>;
  return (
    <Alert severity="error" variant="outlined" action={retry} onClose={onClose} style={{ marginBottom: 16 }}>
      <AlertTitle>{title}</AlertTitle>
      {text} {children}
    </Alert>
  );
};
