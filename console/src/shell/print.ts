import { useEffect } from 'react';

const scheme = 'mantineColorScheme';

/** Paper is white: what is printed has the light colours, whatever the page has. */
export function usePrintInLight() {
  useEffect(() => {
    let before: string | undefined;
    const { dataset } = document.documentElement;
    const lighten = () => {
      before = dataset[scheme];
      dataset[scheme] = 'light';
    };
    const restore = () => {
      if (before !== undefined) dataset[scheme] = before;
    };
    window.addEventListener('beforeprint', lighten);
    window.addEventListener('afterprint', restore);
    return () => {
      window.removeEventListener('beforeprint', lighten);
      window.removeEventListener('afterprint', restore);
    };
  }, []);
}
