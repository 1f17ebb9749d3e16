import type { ColumnDefinition, TableDefinition } from '../sqlserver/engine/definition.js';
import type { SqlType } from '../sqlserver/engine/types.js';
import { fillQuery } from './fill.js';
import type { FillColumn, FillOptions } from './fill-options.js';

/** How one database holds the founding tables; all else about them is the same everywhere. */
export interface TableStyle extends FillOptions {
  /** Type and collation of names: `varchar` is Latin-1, `nvarchar` holds everything. */
  readonly text: 'varchar' | 'nvarchar';
  /** An index that leads with data_timestamp; without one a day is a scan of the whole table. Default true. */
  readonly timeIndex?: boolean;
  /** Names of columns under dynamic data masking. */
  readonly maskedColumns?: readonly string[];
  /** True puts an enabled security policy with a filter predicate on both tables. */
  readonly rowLevelSecurity?: boolean;
}

interface FoundingColumn extends FillColumn {
  readonly type?: SqlType;
  readonly length?: number;
}

const decimal: SqlType = { name: 'decimal', precision: 11, scale: 3 };

const cellColumns: readonly FoundingColumn[] = [
  { name: 'cell_location', role: 'text', length: 200 },
  { name: 'cell_id', role: 'id', length: 50 },
  { name: 'power_consumption_idle', role: 'decimal', type: decimal },
  { name: 'power_consumption_peak', role: 'decimal', type: decimal },
  { name: 'bandwidth_usage_total', role: 'decimal', type: decimal },
  { name: 'measurement_time', role: 'int', type: { name: 'int' } },
  { name: 'signal_strength_indicator_1', role: 'int', type: { name: 'int' } },
  { name: 'signal_strength_indicator_2', role: 'int', type: { name: 'int' } },
  { name: 'dropped_calls_total', role: 'int', type: { name: 'int' } },
  { name: 'antenna_tilt', role: 'smallint', type: { name: 'smallint' } },
  { name: 'channel_utilization', role: 'smallint', type: { name: 'smallint' } },
  { name: 'data_timestamp', role: 'time' },
];

const deviceColumns: readonly FoundingColumn[] = [
  { name: 'device_coordinate', role: 'text', length: 200 },
  { name: 'device_id', role: 'id', length: 50 },
  { name: 'data_usage_download', role: 'decimal', type: decimal },
  { name: 'data_usage_upload', role: 'decimal', type: decimal },
  { name: 'data_usage_total', role: 'decimal', type: decimal },
  { name: 'connection_time', role: 'int', type: { name: 'int' } },
  { name: 'total_connected_time', role: 'int', type: { name: 'int' } },
  { name: 'total_idle_time', role: 'int', type: { name: 'int' } },
  { name: 'total_active_time', role: 'int', type: { name: 'int' } },
  { name: 'network_quality_indicator_1', role: 'int', type: { name: 'int' } },
  { name: 'handover_attempts', role: 'int', type: { name: 'int' } },
  { name: 'data_timestamp', role: 'time' },
];

/** `dbo.cell_performance_data`, the left side of the founding join. */
export function cellPerformanceData(style: TableStyle): TableDefinition {
  return table('cell_performance_data', 'left', cellColumns, style);
}

/** `dbo.ue_statistics_data`, the right side. The founding text's foreign key to it is not valid SQL (Msg 1776). */
export function ueStatisticsData(style: TableStyle): TableDefinition {
  return table('ue_statistics_data', 'right', deviceColumns, style);
}

function table(
  name: string,
  side: 'left' | 'right',
  columns: readonly FoundingColumn[],
  style: TableStyle,
): TableDefinition {
  const id = columns.find((column) => column.role === 'id')?.name ?? '';
  const definition = {
    schema: 'dbo',
    name,
    columns: columns.map((column) => columnDefinition(column, style)),
    primaryKey: [id, 'data_timestamp'],
    indexes: style.timeIndex === false ? [] : [{ name: `ix_${name}_time`, columns: ['data_timestamp'] }],
    ...(style.rowLevelSecurity ? { rowLevelSecurity: true } : {}),
  };
  return style.rows === 0 ? definition : { ...definition, fill: fillQuery(side, columns, style) };
}

function columnDefinition(column: FoundingColumn, style: TableStyle): ColumnDefinition {
  const masked = style.maskedColumns?.includes(column.name);
  return {
    name: column.name,
    type: column.type ?? styledType(column, style),
    nullable: column.role !== 'id' && column.role !== 'time',
    ...(masked ? { maskedWith: 'default()' } : {}),
  };
}

function styledType(column: FoundingColumn, style: TableStyle): SqlType {
  if (column.role === 'time')
    return style.time === 'datetime' ? { name: 'datetime' } : { name: 'datetime2', scale: 3 };
  return { name: style.text, length: column.length ?? 50, collation: 'Latin1_General_CI_AS' };
}
