export interface Links {
    /** The Spacelift page's path; undefined in an app without it. */
    spacelift?: string;
}
export declare const LinksContext: import("react").Context<Links>;
export interface SpaceliftLinks {
    root?: string;
    stack: (id: string) => string | undefined;
    run: (stack: string, run: string) => string | undefined;
}
export declare function useSpaceliftLinks(): SpaceliftLinks;
