import { type Stack } from '../api/SpaceliftApi';
import { type Row } from './StacksTable';
interface Found {
    rows: Row[];
    /** As v1 has them; absent where the official plugin answers. */
    stacks?: Stack[];
}
/** The stacks that the entity of this page names and that one may see. */
export declare function useEntityStacks(): {
    missing: string[];
    value?: Found | undefined;
    error?: unknown;
    loading: boolean;
    reload: () => void;
};
export {};
