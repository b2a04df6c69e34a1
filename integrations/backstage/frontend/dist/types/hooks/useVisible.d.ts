/** Whether somebody may see this tab. */
export declare function useVisible(): boolean;
