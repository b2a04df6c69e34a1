import { MarkdownContent } from '@backstage/core-components';
import Box from '@material-ui/core/Box';
import Drawer from '@material-ui/core/Drawer';
import Typography from '@material-ui/core/Typography';
import type { Stack } from './client';

export const DescriptionDrawer = ({ stack, onClose }: { stack?: Stack; onClose: () => void }) => (
  <Drawer anchor="right" open={stack !== undefined} onClose={onClose}>
    <Box width={400} padding={3}>
      <Typography variant="h5">{stack?.name}</Typography>
      <MarkdownContent content={stack?.description ?? ''} />
    </Box>
  </Drawer>
);
