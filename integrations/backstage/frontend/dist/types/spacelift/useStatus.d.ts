import { type Status } from '../api/SpaceliftApi';
import { type Loaded } from '../hooks/useLoad';
/** How the backend is. Where it is not Understudy's, the error says so, and it is not asked again. */
export declare function useStatus(): Loaded<Status>;
/** Whether buttons that change something have no place: the server says so, or has not said yet. */
export declare const isReadOnly: (status: Status | undefined) => boolean;
