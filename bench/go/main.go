// Command bench counts how many P-256 leaves Go's crypto/x509 makes: key, certificate and PEM, on one goroutine.
//
//	bench MILLISECONDS
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log"
	"math/big"
	"os"
	"strconv"
	"time"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	return key
}

func serial() *big.Int {
	number, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	check(err)
	return number
}

func template(name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-5 * time.Minute),
		NotAfter:              now.AddDate(1, 0, 0),
		BasicConstraintsValid: true,
	}
}

func authority() (*x509.Certificate, *ecdsa.PrivateKey) {
	key := newKey()
	about := template("Bench CA")
	about.IsCA = true
	about.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	check(err)
	certificate, err := x509.ParseCertificate(der)
	check(err)
	return certificate, key
}

func leaf(name string, ca *x509.Certificate, caKey *ecdsa.PrivateKey) (certificate, privateKey []byte) {
	key := newKey()
	about := template(name)
	about.DNSNames = []string{name}
	about.KeyUsage = x509.KeyUsageDigitalSignature
	about.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, about, ca, &key.PublicKey, caKey)
	check(err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	check(err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func rate(limit time.Duration) float64 {
	ca, caKey := authority()
	start := time.Now()
	count := 0
	for time.Since(start) < limit {
		leaf(fmt.Sprintf("host%d.example.test", count), ca, caKey)
		count++
	}
	return float64(count) / time.Since(start).Seconds()
}

func main() {
	milliseconds, err := strconv.Atoi(os.Args[1])
	check(err)
	limit := time.Duration(milliseconds) * time.Millisecond
	rate(limit / 4)
	fmt.Printf("{\"rate\": %f}", rate(limit))
}
