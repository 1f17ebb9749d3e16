import {
  isGrpcDeadlineError,
  isGrpcServiceError,
  NamespaceNotFoundError,
  ServiceError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { CommanderError } from 'commander';
import { type ErrorCode, MigrationError } from '../engine/errors.js';
import { CliError } from './cli-error.js';
import type { Exit } from './exit-codes.js';

export interface Failure {
  readonly exit: Exit;
  readonly message: string;
}

/** Codes of gRPC; the library's own enum would have to be a dependency for these. */
const grpc = {
  invalidArgument: 3,
  permissionDenied: 7,
  failedPrecondition: 9,
  unavailable: 14,
  unauthenticated: 16,
};

/** Any error as an exit code and one line; undefined where commander has said already all that there is. */
export function describeFailure(error: unknown): Failure | undefined {
  if (error instanceof CommanderError) return ofCommander(error);
  if (error instanceof CliError) return { exit: error.exit, message: error.message };
  if (error instanceof MigrationError)
    return { exit: exitOf(error.code), message: `${error.code}: ${error.message}` };
  if (error instanceof NamespaceNotFoundError)
    return {
      exit: 'usage',
      message: `Temporal has no namespace '${error.namespace}': set TEMPORAL_NAMESPACE.`,
    };
  if (isWithoutWorker(error))
    return {
      exit: 'unreachable',
      message: 'No worker answered in time: start one (npm run worker), then ask again.',
    };
  return ofService(error) ?? { exit: 'failed', message: firstLine(error) };
}

/** Whether a query or an update stayed without an answer. The server says so at once where it has seen no worker. */
export function isWithoutWorker(error: unknown): boolean {
  return (
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    isGrpcDeadlineError(error) ||
    (statusOf(error)?.code === grpc.failedPrecondition && /no poller/.test(statusOf(error)?.details ?? ''))
  );
}

function ofService(error: unknown): Failure | undefined {
  const status = statusOf(error);
  if (status === undefined) return undefined;
  const text = oneLine(status.details ?? '');
  switch (status.code) {
    case grpc.unavailable:
      return {
        exit: 'unreachable',
        message: `Temporal does not answer (${text}): check TEMPORAL_ADDRESS and the server.`,
      };
    case grpc.permissionDenied:
    case grpc.unauthenticated:
      return { exit: 'unreachable', message: `Temporal refuses the caller: ${text}.` };
    case grpc.invalidArgument:
      return { exit: 'usage', message: `Temporal refuses the request: ${text}.` };
    default:
      return { exit: 'failed', message: `Temporal: ${text || firstLine(error)}` };
  }
}

function statusOf(error: unknown): { readonly code: number; readonly details?: string } | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause : undefined;
}

function ofCommander(error: CommanderError): Failure | undefined {
  if (error.exitCode === 0) return undefined;
  if (error.code === 'commander.help') return { exit: 'usage', message: '' };
  return { exit: 'usage', message: oneLine(error.message.replace(/^error: /, '')) };
}

function exitOf(code: ErrorCode): Exit {
  if (/^(CONFIG|SECRET)_/.test(code)) return 'usage';
  return /^(TARGET|STORAGE|TLS)_/.test(code) ? 'unreachable' : 'failed';
}

function firstLine(error: unknown): string {
  return oneLine((error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
