interface Page<T> {
    items: T[];
    nextCursor?: string;
    totalItems?: number;
}
interface Options {
    every?: (error: unknown) => number | false;
}
/**
 * A list that is read page by page: each is reached by the cursor of the one before, so the way to where one is stays known. What it
 * gives a Table are the pages, their number as far as it is known.
 */
export declare function usePages<P extends Page<unknown>>(view: string, read: (cursor: string | undefined, limit: number, signal: AbortSignal) => Promise<P>, { every }?: Options): {
    page: P | undefined;
    error: unknown;
    loading: boolean;
    reload: () => void;
    paging: {
        page: number;
        totalCount: number;
        onPageChange: (to: number) => void;
        onRowsPerPageChange: import("react").Dispatch<import("react").SetStateAction<number>>;
        options: {
            pageSize: number;
            pageSizeOptions: number[];
            paging: boolean;
            emptyRowsWhenPaging: boolean;
            showFirstLastPageButtons: boolean;
        };
    };
};
export {};
