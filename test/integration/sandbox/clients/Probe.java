import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;

/**
 * Runs what stdin asks through Microsoft's JDBC driver and answers one line of JSON per line. Lines: URL, user,
 * password, then statements; `!cancel SQL` cancels after ten rows, `!count SQL` counts rows and milliseconds,
 * `!bind SQL` sends typed parameters three times (sp_executesql, sp_prepexec, sp_execute).
 */
public class Probe {
  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    String url = in.readLine();
    Properties login = new Properties();
    login.setProperty("user", in.readLine());
    login.setProperty("password", in.readLine());
    try (Connection connection = DriverManager.getConnection(url, login)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        try {
          out.println(run(connection, line));
        } catch (SQLException error) {
          out.println(describe(error));
        }
      }
    } catch (SQLException error) {
      out.println(describe(error));
    }
  }

  private static String run(Connection connection, String line) throws SQLException {
    if (line.startsWith("!cancel ")) {
      return cancel(connection, line.substring(8));
    }
    if (line.startsWith("!count ")) {
      return count(connection, line.substring(7));
    }
    if (line.startsWith("!bind ")) {
      return bind(connection, line.substring(6));
    }
    try (Statement statement = connection.createStatement()) {
      if (!statement.execute(line)) {
        return "{\"updated\":" + statement.getUpdateCount() + "}";
      }
      return rows(statement.getResultSet());
    }
  }

  private static String cancel(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      ResultSet rows = statement.executeQuery(sql);
      for (int i = 0; i < 10; i++) {
        rows.next();
      }
      long start = System.nanoTime();
      statement.cancel();
      try {
        while (rows.next()) {
        }
        return "{\"cancelled\":false}";
      } catch (SQLException error) {
        return "{\"cancelled\":true,\"ms\":" + (System.nanoTime() - start) / 1_000_000 + "}";
      }
    }
  }

  private static String count(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      long start = System.nanoTime();
      ResultSet rows = statement.executeQuery(sql);
      long count = 0;
      while (rows.next()) {
        count++;
      }
      return "{\"count\":" + count + ",\"ms\":" + (System.nanoTime() - start) / 1_000_000 + "}";
    }
  }

  private static String bind(Connection connection, String sql) throws SQLException {
    String result = "";
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < 3; i++) {
        statement.setBoolean(1, true);
        statement.setInt(2, -7);
        statement.setLong(3, Long.MIN_VALUE);
        statement.setBigDecimal(4, new BigDecimal("-12345678901234567890.125"));
        statement.setString(5, "é€😀 ");
        statement.setDate(6, Date.valueOf("2025-01-31"));
        statement.setTimestamp(7, Timestamp.valueOf("2025-01-31 23:59:59.997"));
        statement.setBytes(8, new byte[] {0, -1});
        statement.setString(9, null);
        statement.setDouble(10, 0.1);
        result = rows(statement.executeQuery());
      }
    }
    return result;
  }

  private static String rows(ResultSet rows) throws SQLException {
    ResultSetMetaData columns = rows.getMetaData();
    List<String> types = new ArrayList<>();
    for (int i = 1; i <= columns.getColumnCount(); i++) {
      types.add(quote(columns.getColumnTypeName(i)));
    }
    List<String> lines = new ArrayList<>();
    while (rows.next()) {
      List<String> cells = new ArrayList<>();
      for (int i = 1; i <= columns.getColumnCount(); i++) {
        cells.add(cell(rows, i));
      }
      lines.add("[" + String.join(",", cells) + "]");
    }
    return "{\"types\":[" + String.join(",", types) + "],\"rows\":[" + String.join(",", lines) + "]}";
  }

  private static String cell(ResultSet rows, int index) throws SQLException {
    Object value = rows.getObject(index);
    if (value == null) {
      return "null";
    }
    if (value instanceof byte[] bytes) {
      return quote(HexFormat.of().formatHex(bytes));
    }
    if (value instanceof BigDecimal decimal) {
      return quote(decimal.toPlainString());
    }
    return quote(rows.getString(index));
  }

  private static String describe(SQLException error) {
    return "{\"error\":" + error.getErrorCode() + ",\"message\":" + quote(error.getMessage()) + "}";
  }

  private static String quote(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c < 0x20 || c == '"' || c == '\\') {
        json.append(String.format("\\u%04x", (int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }
}
