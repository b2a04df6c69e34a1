import type { ReactNode } from 'react';
interface Props {
    error: unknown;
    onRetry?: () => void;
    onClose?: () => void;
    /** What is still there, such as an older answer. */
    children?: ReactNode;
}
/** An error in words. */
export declare const Problem: ({ error, onRetry, onClose, children }: Props) => import("react/jsx-runtime").JSX.Element;
export {};
