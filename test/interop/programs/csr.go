// Prints a certificate request of Go's crypto/x509 as PEM: go run csr.go rsa|p256|ed25519
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"net/url"
	"os"
)

func key(kind string) (crypto.Signer, error) {
	switch kind {
	case "rsa":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "p256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
}

func main() {
	signer, err := key(os.Args[1])
	if err != nil {
		panic(err)
	}
	id, _ := url.Parse("spiffe://acme.test/db")
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject:        pkix.Name{CommonName: "db.test", Organization: []string{"Acme"}, Country: []string{"DE"}},
		DNSNames:       []string{"db.test", "*.db.test"},
		IPAddresses:    []net.IP{net.ParseIP("10.0.0.5"), net.ParseIP("fd00::5")},
		EmailAddresses: []string{"dba@acme.test"},
		URIs:           []*url.URL{id},
	}, signer)
	if err != nil {
		panic(err)
	}
	pem.Encode(os.Stdout, &pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
}
