import type { StackFilters } from '../api/SpaceliftApi';
/** What is filtered for is part of the address, so that it can be sent to somebody and survives a reload. */
export declare function useStackFilters(): [StackFilters, (change: Partial<StackFilters>) => void];
