export default function StackPage() { return null; }
