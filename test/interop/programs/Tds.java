// A line on stdin is a JDBC URL, a tab and a query; a line on stdout is "answered<TAB>first column of the first row" or
// "refused<TAB>why". The driver has to be on the class path.
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.sql.*;

public class Tds {
  public static void main(String[] args) throws IOException {
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = lines.readLine()) != null; ) {
      var fields = line.split("\t");
      System.out.println(answer(fields[0], fields[1]).replaceAll("[\\r\\n]+", " "));
      System.out.flush();
    }
  }

  static String answer(String url, String query) {
    try (var connection = DriverManager.getConnection(url);
        var statement = connection.createStatement();
        var rows = statement.executeQuery(query)) {
      rows.next();
      return "answered\t" + rows.getString(1);
    } catch (SQLException refusal) {
      return "refused\t" + chain(refusal);
    }
  }

  static String chain(Throwable error) {
    return error == null ? "" : error + " / " + chain(error.getCause());
  }
}
