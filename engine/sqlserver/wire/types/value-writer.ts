/**
 * Writes the value whose content is `bytes[from..to)` into its vector at `row`; how its length was told is behind it.
 * @throws MigrationError as `CellDecoder` does
 */
export type ValueWriter = (bytes: Buffer, from: number, to: number, row: number) => void;

/** Long text is converted piece by piece: its memory grows with what it needs, not with the most that it could need. */
export const pieceBytes = 64 * 1024;
