import { MigrationError } from '../../errors.js';
import type { Column, LogicalType, TimePrecision } from '../../rows/types.js';
import { type WireColumn, wireTypes } from './cell-decoder.js';

/**
 * Whether the columns that a server describes are those planned: number, names, order, and types as far as they decide
 * how values lie in memory.
 * @throws MigrationError WIRE_PROTOCOL naming the first that differs
 */
export function checkPlanned(planned: readonly Column[], described: readonly WireColumn[]): void {
  if (planned.length !== described.length) {
    throw differs(`${described.length} columns arrived for ${planned.length} planned`);
  }
  planned.forEach((column, at) => {
    const wire = described[at] as WireColumn;
    if (wire.name !== column.name) {
      throw differs(`column ${at + 1} is ${wire.name}, planned was ${column.name}`);
    }
    const arrives = carriedType(wire);
    if (!arrives.some((type) => sameType(type, column.type))) {
      throw differs(
        `column ${column.name} arrives as ${arrives.map(shown).join(' or ')}, planned was ${shown(column.type)}`,
      );
    }
  });
}

function differs(what: string): MigrationError {
  return new MigrationError(
    'WIRE_PROTOCOL',
    `The result is not the one planned: ${what}. If the table has changed, start a new run.`,
  );
}

/** The logical types in which values of a wire type can be had: text that may be invalid also as its bytes. */
function carriedType(wire: WireColumn): readonly LogicalType[] {
  switch (wire.typeId) {
    case wireTypes.bit:
    case wireTypes.bitN:
      return [{ kind: 'bool' }];
    case wireTypes.tinyint:
    case wireTypes.smallint:
    case wireTypes.int:
    case wireTypes.bigint:
    case wireTypes.intN:
      return [{ kind: 'int', bits: (8 * wire.length) as 8 | 16 | 32 | 64 }];
    case wireTypes.decimalN:
    case wireTypes.numericN:
      return [{ kind: 'decimal', precision: wire.precision, scale: wire.scale }];
    case wireTypes.money:
    case wireTypes.smallmoney:
    case wireTypes.moneyN:
      return [{ kind: 'decimal', precision: wire.length === 8 ? 19 : 10, scale: 4 }];
    case wireTypes.real:
    case wireTypes.float:
    case wireTypes.floatN:
      return [{ kind: 'float', bits: (8 * wire.length) as 32 | 64 }];
    case wireTypes.date:
      return [{ kind: 'date' }];
    case wireTypes.time:
      return [{ kind: 'time', precision: wire.scale as TimePrecision }];
    case wireTypes.datetime:
    case wireTypes.smalldatetime:
    case wireTypes.datetimeN:
      return [{ kind: 'timestamp', precision: wire.length === 8 ? 3 : 0 }];
    case wireTypes.datetime2:
      return [{ kind: 'timestamp', precision: wire.scale as TimePrecision }];
    case wireTypes.datetimeoffset:
      return [{ kind: 'offsetTimestamp', precision: wire.scale as TimePrecision }];
    case wireTypes.uniqueidentifier:
      return [{ kind: 'uuid' }];
    case wireTypes.binary:
    case wireTypes.varbinary:
    case wireTypes.image:
    case wireTypes.udt:
      return [{ kind: 'bytes' }];
    default:
      return [{ kind: 'text' }, { kind: 'bytes' }];
  }
}

/** Lengths of text and bytes aside, which both kinds of catalog tell in their own way. */
function sameType(wire: LogicalType, planned: LogicalType): boolean {
  return shown(wire) === shown(planned);
}

function shown(type: LogicalType): string {
  switch (type.kind) {
    case 'int':
    case 'float':
      return `${type.kind} of ${type.bits} bits`;
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'time':
    case 'timestamp':
    case 'offsetTimestamp':
    case 'instant':
      return `${type.kind}(${type.precision})`;
    default:
      return type.kind;
  }
}
