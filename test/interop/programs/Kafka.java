// Arguments: a broker, and files of client.properties. For each a line on stdout: "answered<TAB>number of brokers" or
// "refused<TAB>why". kafka-clients has to be on the class path.
import java.io.*;
import java.util.*;
import org.apache.kafka.clients.admin.Admin;

public class Kafka {
  public static void main(String[] args) throws Exception {
    for (var file : Arrays.copyOfRange(args, 1, args.length)) System.out.println(ask(args[0], file).replaceAll("[\\r\\n]+", " "));
    System.exit(0);
  }

  static String ask(String broker, String file) throws IOException {
    var settings = new Properties();
    try (var in = new FileReader(file)) {
      settings.load(in);
    }
    settings.putAll(Map.of("bootstrap.servers", broker, "default.api.timeout.ms", "4000", "request.timeout.ms", "3000"));
    try (var admin = Admin.create(settings)) {
      return "answered\t" + admin.describeCluster().nodes().get().size();
    } catch (Exception refusal) {
      return "refused\t" + chain(refusal);
    }
  }

  static String chain(Throwable error) {
    return error == null ? "" : error + " / " + chain(error.getCause());
  }
}
