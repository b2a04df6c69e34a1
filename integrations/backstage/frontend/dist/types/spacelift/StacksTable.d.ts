import type { Stack } from '../api/SpaceliftApi';
import type { usePages } from '../hooks/usePages';
/** What both backends know of a stack. */
export interface Row {
    id: string;
    name: string;
    repository?: string;
    labels: readonly string[];
    state: string;
    stateSetAt?: string;
    branch?: string;
    space: {
        name: string;
        url?: string;
    };
    url?: string;
    /** Absent where it cannot be told. */
    refusal?: string;
    startable: boolean;
}
export declare const rowOf: (stack: Stack) => Row;
interface Props {
    title: string;
    rows: readonly Row[];
    loading: boolean;
    empty: string;
    /** Absent where pages are made of what has been loaded. */
    paging?: ReturnType<typeof usePages>['paging'];
    /** Absent where nothing can be triggered. */
    onTrigger?: (row: Row) => void;
    /** Whether stacks have pages here. */
    pages: boolean;
    search?: boolean;
}
export declare const StacksTable: (props: Props) => import("react/jsx-runtime").JSX.Element;
export {};
