import { kindLook } from '../theme/kinds';

interface Props {
  kind: string;
  size?: number;
  /** Draws a tinted tile behind the icon. */
  tile?: boolean;
}

/** The icon of a kind in its colour. It is decoration: the kind is also named in words beside it. */
export function KindIcon({ kind, size = 18, tile }: Props) {
  const look = kindLook(kind);
  const color = `light-dark(${look.light}, ${look.dark})`;
  const icon = <look.icon size={size} stroke={1.6} color={tile ? undefined : color} style={{ flex: 'none' }} aria-hidden />;
  if (!tile) return icon;
  return (
    <span
      style={{
        display: 'inline-grid',
        placeItems: 'center',
        flex: 'none',
        width: size * 1.85,
        height: size * 1.85,
        borderRadius: size * 0.55,
        color,
        background: `color-mix(in srgb, ${color} 13%, transparent)`,
      }}
    >
      {icon}
    </span>
  );
}
