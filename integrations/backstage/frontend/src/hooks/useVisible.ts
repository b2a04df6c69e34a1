import { useEffect, useState } from 'react';

const seen = () => document.visibilityState === 'visible';

/** Whether somebody may see this tab. */
export function useVisible(): boolean {
  const [visible, setVisible] = useState(seen);
  useEffect(() => {
    const changed = () => setVisible(seen());
    document.addEventListener('visibilitychange', changed);
    return () => document.removeEventListener('visibilitychange', changed);
  }, []);
  return visible;
}
