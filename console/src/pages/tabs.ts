// The tabs of the pages that have them in their address: the router checks them, the pages draw them.
export const entityTabs = ['overview', 'relations', 'definition', 'yaml', 'export'] as const;
export type EntityTab = (typeof entityTabs)[number];

export const systemTabs = ['plugins', 'tasks', 'config', 'check'] as const;
