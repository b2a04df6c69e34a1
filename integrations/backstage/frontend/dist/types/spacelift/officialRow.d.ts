import type { OfficialStack } from '../api/SpaceliftApi';
import type { Row } from './StacksTable';
/** A stack of the official plugin, which sends no links: they are made of the host that the app's configuration names. */
export declare function officialRow({ id, name, labels, state, branch, spaceDetails }: OfficialStack, host: string | undefined): Row;
