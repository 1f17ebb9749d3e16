import { installJar, installPython } from './install-once.js';

/** The folder of PySpark for PYTHONPATH, Spark and its JARs included: of the line that AWS Glue 5 has. */
export function installSpark(): Promise<string> {
  return installPython('pyspark', '3.5.9');
}

/** The path of Microsoft's JDBC driver. */
export function installSqlServerDriver(): Promise<string> {
  return installJar('com.microsoft.sqlserver', 'mssql-jdbc', '12.10.1.jre11');
}

/** The path of PostgreSQL's JDBC driver. */
export function installPostgresDriver(): Promise<string> {
  return installJar('org.postgresql', 'postgresql', '42.7.7');
}
