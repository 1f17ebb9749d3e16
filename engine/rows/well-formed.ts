/** `String.prototype.isWellFormed` is in every supported Node, but not yet in TypeScript's ES2023 library. */
interface WellFormedString {
  isWellFormed(): boolean;
}

/** Whether a string is free of lone surrogates, that is, has a UTF-8 form. */
export function isWellFormed(value: string): boolean {
  return (value as unknown as WellFormedString).isWellFormed();
}
