import type { ReactNode } from 'react';
type Size = 12 | 6 | 4 | 3;
/** A fact and its name, as the catalog's About card has them. */
export declare const Fact: ({ label, children, wide }: {
    label: string;
    children: ReactNode;
    wide?: Size;
}) => import("react/jsx-runtime").JSX.Element;
export declare const Facts: ({ children }: {
    children: ReactNode;
}) => import("react/jsx-runtime").JSX.Element;
export {};
