export { ProbePage } from './ProbePage';
