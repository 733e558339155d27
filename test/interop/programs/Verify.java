// A line on stdin is a case, its fields parted by tabs; a line on stdout is its answer: "accepted", "refused<TAB>why",
// or "broken<TAB>why" when the case itself could not be set up. One virtual machine serves them all: it starts slowly.
//
//   path  HOST  CHAIN.pem  CA.pem                          CertPathValidator (PKIX); HOST is not looked at
//   tls   HOST  KEYSTORE.jks|p12  TRUSTSTORE.jks|p12  PASSWORD   a TLS server and a client that checks the host's name
import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.cert.Certificate;
import java.util.*;
import javax.net.ssl.*;

public class Verify {
  static final int PATIENCE = 20_000;

  static class Refused extends Exception {
    Refused(Throwable cause) { super(deepest(cause), cause); }
  }

  public static void main(String[] args) throws IOException {
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = lines.readLine()) != null; ) {
      System.out.println(answer(line.split("\t")).replaceAll("[\\r\\n]+", " "));
      System.out.flush();
    }
  }

  static String answer(String[] c) {
    try {
      if (c[0].equals("path")) path(c[2], c[3]);
      else handshake(c[1], store(c[2], c[4]), store(c[3], c[4]), c[4].toCharArray());
      return "accepted";
    } catch (Refused refusal) {
      return "refused\t" + refusal.getMessage();
    } catch (Exception error) {
      return "broken\t" + error;
    }
  }

  static String deepest(Throwable error) {
    return error.getCause() == null ? error.toString() : deepest(error.getCause());
  }

  static void path(String chainFile, String caFile) throws Exception {
    var factory = CertificateFactory.getInstance("X.509");
    var path = factory.generateCertPath(new ArrayList<>(certificates(factory, chainFile)));
    var anchors = new HashSet<TrustAnchor>();
    for (var ca : certificates(factory, caFile)) anchors.add(new TrustAnchor((X509Certificate) ca, null));
    var parameters = new PKIXParameters(anchors);
    parameters.setRevocationEnabled(false);
    try {
      CertPathValidator.getInstance("PKIX").validate(path, parameters);
    } catch (CertPathValidatorException refusal) {
      throw new Refused(refusal);
    }
  }

  static Collection<? extends Certificate> certificates(CertificateFactory factory, String file) throws Exception {
    return factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(Path.of(file))));
  }

  static KeyStore store(String file, String password) throws Exception {
    var store = KeyStore.getInstance(file.endsWith(".jks") ? "JKS" : "PKCS12");
    try (var in = Files.newInputStream(Path.of(file))) {
      store.load(in, password.toCharArray());
    }
    if (store.size() == 0) throw new KeyStoreException(file + " has no entries that Java sees");
    return store;
  }

  static void handshake(String host, KeyStore keys, KeyStore trust, char[] password) throws Exception {
    var keyManagers = KeyManagerFactory.getInstance("PKIX");
    keyManagers.init(keys, password);
    var trustManagers = TrustManagerFactory.getInstance("PKIX");
    trustManagers.init(trust);
    var serverContext = SSLContext.getInstance("TLS");
    serverContext.init(keyManagers.getKeyManagers(), null, null);
    var clientContext = SSLContext.getInstance("TLS");
    clientContext.init(null, trustManagers.getTrustManagers(), null);

    try (var listener = serverContext.getServerSocketFactory().createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var server = new Thread(() -> serveOne(listener));
      server.start();
      connect(clientContext, host, listener.getLocalPort());
      server.join(PATIENCE);
    }
  }

  static void serveOne(ServerSocket listener) {
    try (var socket = listener.accept()) {
      socket.setSoTimeout(PATIENCE);
      socket.getOutputStream().write('!');
      socket.getOutputStream().flush();
      socket.getInputStream().read();
    } catch (IOException expected) {
      // The client says what was wrong.
    }
  }

  static void connect(SSLContext context, String host, int port) throws Exception {
    var plain = new Socket(InetAddress.getLoopbackAddress(), port);
    plain.setSoTimeout(PATIENCE);
    try (var socket = (SSLSocket) context.getSocketFactory().createSocket(plain, host, port, true)) {
      var parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      try {
        socket.startHandshake();
      } catch (SSLHandshakeException refusal) {
        if (deepest(refusal).contains("Received fatal alert")) throw refusal;
        throw new Refused(refusal);
      }
      if (socket.getInputStream().read() != '!') throw new IOException("the server said nothing");
    }
  }
}
