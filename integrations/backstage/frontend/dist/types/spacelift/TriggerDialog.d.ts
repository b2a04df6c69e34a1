export interface Target {
    id: string;
    name: string;
    autodeploy?: boolean;
    /** Where the official plugin answers, which takes no reason. */
    official?: boolean;
}
interface Props {
    target: Target;
    onClose: () => void;
    /** Something was sent: what is shown of the stack may have changed. */
    onSent: () => void;
}
export declare const TriggerDialog: ({ target, onClose, onSent }: Props) => import("react/jsx-runtime").JSX.Element;
export {};
