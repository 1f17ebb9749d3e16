-- One row per cell and instant, with the statistics that the cell's device reported at the same instant.
-- A cell with no report keeps its row: a LEFT JOIN never drops one, and the import checks that none was dropped.
-- Rows are chosen by source_filter_<table> in the migration parameter, not here.
SELECT
  c.cell_location,
  c.cell_id,
  c.bandwidth_usage_total,
  c.signal_strength_indicator_1,
  c.dropped_calls_total,
  u.device_id,
  u.data_usage_total,
  u.network_quality_indicator_1,
  u.handover_attempts,
  c.data_timestamp
FROM cell_performance_data AS c
LEFT JOIN ue_statistics_data AS u
  ON c.cell_id = u.device_id
  AND c.data_timestamp = u.data_timestamp
