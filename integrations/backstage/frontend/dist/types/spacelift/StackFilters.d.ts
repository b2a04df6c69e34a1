import type { StackFilters as Filters, StackPage } from '../api/SpaceliftApi';
interface Props {
    filters: Filters;
    /** The facets that came with the stacks. */
    page?: Pick<StackPage, 'groups' | 'spaces' | 'labels'>;
    onChange: (change: Partial<Filters>) => void;
}
/** Search and filters, whose choices are the server's facets. */
export declare const StackFilters: ({ filters, page, onChange }: Props) => import("react/jsx-runtime").JSX.Element;
export {};
