// Whether Java, with a trust store that local-ca wrote, trusts the server at HOST:PORT. Any protocol that starts with TLS
// will do. It needs no build (Java 11 or newer):
//
//   java TrustCheck.java HOST PORT ca.jks changeit
//
// Exit code 0: trusted. 1: refused, and why.
import java.io.FileInputStream;
import java.io.InputStream;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

public class TrustCheck {
    public static void main(String[] args) throws Exception {
        String host = args[0];
        int port = Integer.parseInt(args[1]);
        SSLContext context = contextTrusting(args[2], args[3].toCharArray());
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(host, port)) {
            // Without this, a bare SSLSocket takes any trusted certificate, whichever host it is for.
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            X509Certificate server = (X509Certificate) socket.getSession().getPeerCertificates()[0];
            System.out.println("trusted: " + server.getSubjectX500Principal());
        } catch (SSLException refusal) {
            System.out.println("refused: " + refusal.getMessage());
            System.exit(1);
        }
    }

    private static SSLContext contextTrusting(String file, char[] password) throws Exception {
        KeyStore trustStore = KeyStore.getInstance(file.endsWith(".p12") ? "PKCS12" : "JKS");
        try (InputStream in = new FileInputStream(file)) {
            trustStore.load(in, password);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(trustStore);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        return context;
    }
}
