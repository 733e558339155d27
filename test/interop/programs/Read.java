// What Java reads, a fact a line, as read.go and read.py say it; Java has no reader for requests beside keytool.
//
//	java Read.java crl LIST.crl ISSUER.crt           java Read.java path LIST.crl ISSUER.crt LEAF.crt    (DER)
import java.io.FileInputStream;
import java.security.cert.*;
import java.util.*;

public class Read {
    private static final String[] REASONS = {
        "unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
        "certificateHold", null, "removeFromCRL", "privilegeWithdrawn", "aACompromise"
    };

    public static void main(String[] args) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        X509CRL list = (X509CRL) factory.generateCRL(new FileInputStream(args[1]));
        X509Certificate issuer = (X509Certificate) factory.generateCertificate(new FileInputStream(args[2]));
        if (args[0].equals("crl")) {
            crl(list, issuer);
        } else {
            path(factory, list, issuer, (X509Certificate) factory.generateCertificate(new FileInputStream(args[3])));
        }
    }

    private static void crl(X509CRL list, X509Certificate issuer) throws Exception {
        list.verify(issuer.getPublicKey());
        System.out.println("signature good");
        // An OCTET STRING of two bytes of header, around an INTEGER with two more.
        byte[] number = list.getExtensionValue("2.5.29.20");
        System.out.println("number " + new java.math.BigInteger(Arrays.copyOfRange(number, 4, number.length)));
        List<X509CRLEntry> entries = new ArrayList<>(list.getRevokedCertificates());
        entries.sort(Comparator.comparing(X509CRLEntry::getSerialNumber));
        for (X509CRLEntry entry : entries) {
            CRLReason reason = entry.getRevocationReason();
            String text = reason == null ? "" : " " + REASONS[reason.ordinal()];
            System.out.println("revoked " + entry.getSerialNumber().toString(16) + text);
        }
    }

    private static void path(CertificateFactory factory, X509CRL list, X509Certificate issuer, X509Certificate leaf)
            throws Exception {
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(issuer, null)));
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(List.of(list))));
        parameters.setRevocationEnabled(true);
        try {
            CertPathValidator.getInstance("PKIX").validate(factory.generateCertPath(List.of(leaf)), parameters);
            System.out.println("accepted");
        } catch (CertPathValidatorException refusal) {
            System.out.println("refused " + refusal.getReason());
        }
    }
}
