import type { ReactNode } from 'react';
/** Leads to a stack's page here or, in an app without the page, to Spacelift. */
export declare const StackLink: ({ id, url, children }: {
    id: string;
    url?: string;
    children: ReactNode;
}) => import("react/jsx-runtime").JSX.Element;
export declare const RunLink: ({ stack, run, url, children }: {
    stack: string;
    run: string;
    url?: string;
    children: ReactNode;
}) => import("react/jsx-runtime").JSX.Element;
/** Leads to Spacelift itself, in a window of its own. */
export declare const Outside: ({ url, children }: {
    url?: string;
    children: ReactNode;
}) => import("react/jsx-runtime").JSX.Element;
