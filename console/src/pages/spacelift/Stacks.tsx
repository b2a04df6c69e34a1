export default function Stacks() { return null; }
