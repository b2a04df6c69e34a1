// The console's visual language. Pages use what is here and in tokens.css; none defines colours of its own.
//
// The house is a theatre seen from the wings: warm paper and ink, a dark curtain for the navigation, velvet for what can
// be acted on, and one spotlight of amber for where you are.
import { Badge, createTheme, type MantineColorsTuple, Paper, Skeleton, Table, Tooltip } from '@mantine/core';

const velvet: MantineColorsTuple = [
  '#fcf1f6', '#f6dde8', '#edbbd0', '#e39bba', '#db84aa', '#c65a89', '#a63b6d', '#8c2a59', '#702047', '#551535',
];

const spotlight: MantineColorsTuple = [
  '#fff8e6', '#feefc7', '#fbdd8a', '#f7c948', '#efb52b', '#d99a14', '#b87b0a', '#8f5e08', '#6b4607', '#4a3005',
];

const gray: MantineColorsTuple = [
  '#faf8f5', '#f4f1ec', '#eae5de', '#dbd5cc', '#c4bcb2', '#a0988f', '#6b635c', '#524b46', '#37312f', '#221d20',
];

const dark: MantineColorsTuple = [
  '#ece8f0', '#cec7d6', '#a79eb4', '#857b96', '#4a4259', '#383147', '#282234', '#1c1826', '#15111d', '#0e0b14',
];

export const theme = createTheme({
  colors: { velvet, spotlight, gray, dark },
  primaryColor: 'velvet',
  primaryShade: { light: 7, dark: 6 },
  black: '#221d20',
  fontFamily: "'Instrument Sans Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  headings: {
    fontFamily: "'Instrument Serif', Georgia, serif",
    fontWeight: '400',
    sizes: {
      h1: { fontSize: '2.125rem', lineHeight: '1.1' },
      h2: { fontSize: '1.375rem', lineHeight: '1.2' },
      h3: { fontSize: '1.125rem', lineHeight: '1.3' },
    },
  },
  defaultRadius: 'md',
  cursorType: 'pointer',
  autoContrast: true,
  components: {
    Paper: Paper.extend({ defaultProps: { withBorder: true, radius: 'lg' } }),
    Badge: Badge.extend({ defaultProps: { tt: 'none', fw: 500, variant: 'light' } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, withArrow: true } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 'sm', horizontalSpacing: 'md', withRowBorders: false } }),
    Skeleton: Skeleton.extend({ defaultProps: { radius: 'sm' } }),
  },
});

export const colorSchemeKey = 'understudy-color-scheme';
