// A line on stdin is ROOTS.pem, LISTS.pem and CHAIN.pem, parted by tabs; a line on stdout is its answer: "accepted", or
// "refused<TAB>why". Every list comes from the file: none is fetched, and no responder is asked.
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.security.cert.*;
import java.util.*;

public class Revoked {
  public static void main(String[] args) throws Exception {
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = lines.readLine()) != null; ) {
      System.out.println(answer(line.split("\t")).replaceAll("[\\r\\n]+", " "));
      System.out.flush();
    }
  }

  static String answer(String[] c) throws Exception {
    var factory = CertificateFactory.getInstance("X.509");
    var anchors = new HashSet<TrustAnchor>();
    for (var root : factory.generateCertificates(new FileInputStream(c[0])))
      anchors.add(new TrustAnchor((X509Certificate) root, null));
    var lists = factory.generateCRLs(new FileInputStream(c[1]));
    var path = factory.generateCertPath(new ArrayList<>(factory.generateCertificates(new FileInputStream(c[2]))));

    var validator = CertPathValidator.getInstance("PKIX");
    var checker = (PKIXRevocationChecker) validator.getRevocationChecker();
    checker.setOptions(EnumSet.of(PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK));
    var parameters = new PKIXParameters(anchors);
    parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
    parameters.addCertPathChecker(checker);
    try {
      validator.validate(path, parameters);
      return "accepted";
    } catch (CertPathValidatorException refusal) {
      return "refused\t" + refusal.getReason() + " at " + refusal.getIndex() + ": " + refusal.getMessage();
    }
  }
}
