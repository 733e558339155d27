// Arguments: URLs. For each a line on stdout: "answered<TAB>body" or "refused<TAB>why". What it trusts and shows is up to
// the flags of the JVM.
import java.net.URI;
import java.net.http.*;
import java.time.Duration;

public class Fetch {
  public static void main(String[] urls) throws InterruptedException {
    var client = HttpClient.newHttpClient();
    for (var url : urls) System.out.println(fetch(client, url).replaceAll("[\\r\\n]+", " ").trim());
  }

  static String fetch(HttpClient client, String url) throws InterruptedException {
    var request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20)).build();
    try {
      return "answered\t" + client.send(request, HttpResponse.BodyHandlers.ofString()).body();
    } catch (java.io.IOException refusal) {
      return "refused\t" + chain(refusal);
    }
  }

  static String chain(Throwable error) {
    return error == null ? "" : error + " / " + chain(error.getCause());
  }
}
