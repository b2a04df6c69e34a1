/** The mark: the star in the light, and behind them the one who knows every line. */
export function Brand({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden style={{ flex: 'none' }}>
      <circle cx="20" cy="16" r="9" fill="none" stroke="#db84aa" strokeWidth="2" />
      <circle cx="12" cy="16" r="9" fill="#f7c948" />
    </svg>
  );
}
