export interface TargetContext {
  readonly address: string;
  readonly user: string;
}
export declare function toTargetError(error: unknown, context: TargetContext): Error;
