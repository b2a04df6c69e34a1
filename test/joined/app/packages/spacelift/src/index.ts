// The page of the old frontend system.
export { SpaceliftIoPage, spaceliftPlugin } from './plugin';
